"""Tests of api.debts."""
