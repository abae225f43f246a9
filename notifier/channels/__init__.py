"""The mouths: each turns a neutral message into the calls of one messenger, gateway or mail server."""
