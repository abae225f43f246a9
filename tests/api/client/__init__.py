"""The typed client, at the real app."""
