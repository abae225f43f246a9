"""Processes killed at every named point, and the outside world as the witness of what they did."""
