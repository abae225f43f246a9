"""What a workshop owes, why, and until when it may object."""
