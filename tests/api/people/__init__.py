"""Tests of api.people."""
