"""SMPP centres that were not written here, and what our tests want of them."""
