"""How a person wants to be spoken to: language, and whether at all."""
