"""Tests of api.organisation."""
