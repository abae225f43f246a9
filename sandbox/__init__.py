"""The outside world on a desk: messenger, phone company, mail server and bank, with phones to hold."""
