"""Tests of api.bills."""
