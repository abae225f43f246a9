"""Smoke tests of the benches."""
