"""Chats, and who may act in them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.kit.language import _
from api.templates.facts.base import Facts

# What the messengers and the bots are called; a name we do not know is said as it is.
MESSENGERS = {"telegram": _("Telegram"), "bale": _("Bale"), "sms": _("SMS"), "web": _("web")}
AUDIENCES = {
    "people": _("people's bot"),
    "employers": _("employers' bot"),
    "inspectors": _("inspectors' bot"),
}


class CodeFacts(Facts):
    """A one-time code: the code itself is a secret, given when it is sent and not kept here."""

    minutes: int | None = None


class PersonCodeFacts(CodeFacts):
    """A code that lets the chat of somebody else act for its reader; `name` is theirs, masked."""

    name: str


class PersonFacts(Facts):
    """That a chat acts for another person now, or no more; `name` is the other's of the two, masked."""

    name: str
    messenger: str
    day: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {**dict(self), "messenger": MESSENGERS.get(self.messenger, self.messenger)}


class DayFacts(Facts):
    """What happened on a day."""

    day: date


class LinkFacts(Facts):
    """A chat that was linked to a person, or is no more."""

    messenger: str
    audience: str
    day: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "messenger": MESSENGERS.get(self.messenger, self.messenger),
            "audience": AUDIENCES.get(self.audience, self.audience),
            "day": self.day,
        }
