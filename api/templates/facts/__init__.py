"""The facts each template speaks of: stored as JSON with a notice, typed when it is worded."""
