"""Who did what to what, and when; rows are added and never changed."""
