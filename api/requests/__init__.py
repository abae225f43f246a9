"""What people asked for: number, stage, since when and by when, of any kind of case."""
