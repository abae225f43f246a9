"""The health insurance booklet: asked for, offered with cost and day, and followed to the door."""
