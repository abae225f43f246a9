"""Claims, facts, codes."""
