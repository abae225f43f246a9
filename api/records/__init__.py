"""The insurance record: how many days of each month were insured, and what they add up to."""
