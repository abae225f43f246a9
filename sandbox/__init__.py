"""The outside world on a desk: messenger, phone company and mail server, with phones to hold."""
