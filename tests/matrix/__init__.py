"""Routes by personas by ownership, generated: nobody sees what is another's (G12)."""
