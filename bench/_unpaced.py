"""Bots whose messenger counts nothing: else they are the real ones.

A bot may say ten replies a second, a chat hears one (design.md): what is measured is our own work,
not the waiting for a turn that Telegram allows.
"""

from bots import replies, serving, settings

_UNCOUNTED = 1e6

if __name__ == "__main__":
    replies.BOT_RATE = replies.BOT_BURST = _UNCOUNTED
    replies.CHAT_RATE = replies.CHAT_BURST = _UNCOUNTED
    serving.serve(settings.read())
