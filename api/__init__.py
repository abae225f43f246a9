"""The core: knows and decides."""
