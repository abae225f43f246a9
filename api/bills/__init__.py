"""The one demand for payment: what is to be paid, why, until when, and by which numbers."""
