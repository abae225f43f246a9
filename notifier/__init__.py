"""The notifier: delivers notices and keeps time, by verbs of the core."""
