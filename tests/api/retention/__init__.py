"""Tests of api.retention."""
