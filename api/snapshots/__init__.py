"""Backups: a store as it was at one moment, taken while others write, and brought back held."""
