"""The bots: they talk. A message comes in, a dialogue is replayed over its log, replies go out."""
