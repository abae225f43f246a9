"""The phone company: SMS out by Kavenegar's API, delivery reports, and SMS in."""
