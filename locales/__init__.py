"""Catalogues of all rooms in one message domain, and the tools that keep them whole."""
