"""Tests of the templates of notices."""
