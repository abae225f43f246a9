"""The bots' memory, as the tests of the bots have it."""

from tests.bots.conftest import clock, memory, memory_url, memory_urls

__all__ = ["clock", "memory", "memory_url", "memory_urls"]
