"""Tests of api.employers."""
