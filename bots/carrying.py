"""A talk that goes on in another chat by a code: what may go, what goes along, who may guess.

The answers go along, never who somebody is: what the core had answered is asked again by the chat
that goes on, in its own name. A talk that has sent something stays where it was sent, so that no
step is done in two chats; the code is good once, and the talk ends where it came from in the same
transaction in which it goes on.
"""

import json
from dataclasses import dataclass
from typing import Protocol, cast

from api.kit import codes
from api.kit.message import Message
from bots import log
from bots.address import Address
from bots.log import NO, YES, Box, Talk
from bots.talk import Dialogue

CODE_SECONDS = 900.0
GUESSES = 5
LOCKED_SECONDS = 900.0
"""After so many wrong codes in a chat none is tried for so long."""

START = "resume-"
"""How the payload of a deep link begins that brings a code."""

# Whose grant it is: an id of the chat that was left, chosen anew where the talk goes on.
_OF_THE_CHAT = frozenset({"for_whom"})


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was given out for a talk; its repr does not show it."""

    code: str
    talk: int

    def __repr__(self) -> str:
        return f"Offer(…, {self.talk})"


@dataclass(frozen=True, slots=True)
class Origin:
    """The chat that a code comes from, as it was when it was looked at. `key` is the memory's."""

    key: str
    address: Address
    state: str
    talk: int

    def chat(self) -> log.Chat:
        return cast("log.Chat", json.loads(self.state))

    def open(self) -> Talk | None:
        """The talk that the code is for, if it is still there."""
        return next((one for one in self.chat()["talks"] if one["no"] == self.talk), None)


@dataclass(frozen=True, slots=True)
class Move:
    """A talk that leaves a chat, which is then as `left` and is told `told`."""

    code: str
    origin: Origin
    left: str
    told: Message

    def __repr__(self) -> str:
        return f"Move(…, {self.origin.talk})"


class Codes(Protocol):
    """Who knows where a code comes from."""

    async def origin(self, code: str) -> Origin | None: ...


def code_of(payload: str) -> str | None:
    """The code in the payload of a deep link; None where it brings none."""
    return codes.parse_code(payload.removeprefix(START)) if payload.startswith(START) else None


def may_go(talk: Talk, dialogue: Dialogue) -> bool:
    """Whether a talk can go on elsewhere.

    It stands at a question, so that no call of it is under way; it has sent nothing; and it is not
    the proof of who somebody is, which belongs to its chat.
    """
    return bool(talk["asking"]) and not talk["closed"] and not dialogue.start


def pour(talk: Talk, into: Talk, *, opened: Box, sealed: Box) -> None:
    """Take the answers of a talk over into another one, sealed anew for it."""
    for name, step in talk["steps"].items():
        if name in _OF_THE_CHAT:
            continue
        if "option" in step and step["option"] not in {YES, NO}:
            into["steps"][name] = log.Step(option=step["option"])
        elif "sealed" in step:
            plain = opened.open_text(name, step["sealed"])
            # A file is known by a name of the messenger's it was sent to: it is asked for again.
            if "file" not in json.loads(plain):
                into["steps"][name] = log.Step(sealed=sealed.seal_text(name, plain))


def left_behind(origin: Origin) -> str:
    """The chat that a talk has left, as it is kept."""
    chat = origin.chat()
    chat["talks"] = [one for one in chat["talks"] if one["no"] != origin.talk]
    chat["shown"] = {}
    return json.dumps(chat, ensure_ascii=False, separators=(",", ":"))


def locked_seconds(chat: log.Chat, now: float) -> float:
    """How long no code is tried in this chat; 0 where one may."""
    guesses = chat.get("guesses")
    return max(0.0, guesses["until"] - now) if guesses else 0.0


def guessed_wrong(chat: log.Chat, now: float) -> None:
    """Count a wrong code; with the fifth the chat is locked for a while."""
    guesses = chat.get("guesses") or log.Guesses(wrong=0, until=0.0)
    wrong = guesses["wrong"] + 1
    locked = wrong >= GUESSES
    chat["guesses"] = log.Guesses(
        wrong=0 if locked else wrong, until=now + LOCKED_SECONDS if locked else 0.0
    )
