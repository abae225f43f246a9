"""Tests of api.booklets."""
