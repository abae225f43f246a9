"""Tests of the pure pieces."""
