"""Money that came in for bills: pay links, attempts at a gateway, receipts, and what is given back."""
