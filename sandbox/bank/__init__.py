"""The bank: ZarinPal's API and payment page, with money that may come late, twice, wrong or not at all."""
