"""The employers' talks against the real core: one transcript a path."""
