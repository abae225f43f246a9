"""The whole hub, walked in a browser as a person would walk it."""
