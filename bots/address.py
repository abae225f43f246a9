"""Where a chat is, and as whose the core is told of it."""

from dataclasses import dataclass, replace

from api.access.rules import SMS
from api.kit.speech import Medium

_ON_THE_LINE = ("people", "employers")


@dataclass(frozen=True, slots=True)
class Address:
    """One chat of one bot; `str` is how the core is told of it.

    By SMS the chat is a phone number, on the one line that serves people and employers alike:
    `audience` is whose it is where nothing else says so.
    """

    messenger: str
    audience: str
    chat: str

    @property
    def by_sms(self) -> bool:
        return self.messenger == SMS

    @property
    def audiences(self) -> tuple[str, ...]:
        """Everybody whom this chat may serve, the likeliest first."""
        return _ON_THE_LINE if self.by_sms else (self.audience,)

    @property
    def medium(self) -> Medium:
        return Medium.SMS if self.by_sms else Medium.CHAT

    def of(self, audience: str) -> "Address":
        """The same chat, as one of that audience."""
        return replace(self, audience=audience)

    def __str__(self) -> str:
        return f"{self.messenger}:{self.audience}:{self.chat}"
