"""Tests of api.notices."""
