"""The people of the registry: who they are and how they are reached."""
