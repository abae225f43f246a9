"""Templates: what each notice says, on every channel and in every language."""
