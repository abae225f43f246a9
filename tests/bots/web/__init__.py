"""The talk on the page: visits, doors, what it shows."""
