"""Tests of api.occurrences."""
