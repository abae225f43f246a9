"""Tests of api.payments."""
