"""The messenger: a Bot API server for many tokens, and the phones that talk to its bots."""
