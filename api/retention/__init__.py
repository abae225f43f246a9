"""How long what is held about people is kept, what is held about one of them, and its end."""
