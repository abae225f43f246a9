"""Proving who you are: a claim, a fact that stands on no paper, a code to the registered phone."""
