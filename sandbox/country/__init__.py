"""The invented country: nobody in it exists, every check digit is right, and a seed makes it again."""
