"""Doors, callers, links."""
