"""What people send as a file: looked at, sealed, and kept as long as it is needed."""
