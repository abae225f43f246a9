"""Employers, their workshops, and the people who speak for a workshop."""
