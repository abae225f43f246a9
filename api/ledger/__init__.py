"""Double entry: every rial that is owed, paid, kept or given back moves from one account to another."""
