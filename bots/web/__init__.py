"""The talk on our own page: who visits it, what it shows, its doors."""
