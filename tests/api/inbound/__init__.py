"""Tests of api.inbound."""
