"""Whether a restored store is held, and what of its past may be done a second time."""
