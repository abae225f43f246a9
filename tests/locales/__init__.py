"""Tests of the catalogues and their tools."""
