"""SMPP 3.4: PDUs, the parts of a text, and one bound connection to a centre."""
