"""What the organisation tells people: from a fact to a report of its delivery."""
