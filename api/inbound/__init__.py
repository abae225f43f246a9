"""SMS that come in over a bind of ours: kept, put together from their parts, until the bots have them."""
