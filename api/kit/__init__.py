"""Business-free, pure pieces: calendar, money, identifiers, language, messages, sealing."""
