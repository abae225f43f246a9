"""Tests of api.preferences."""
