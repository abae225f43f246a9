"""Contracts of those who pay for themselves: self-employed and voluntary, and their monthly bills."""
