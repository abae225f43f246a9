"""The dialogues as they are offered: by name, in the menu, by a notice's button, to whom.

What a dialogue says stands in its own function, in the words of `bots.talk`.
"""

import re
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Literal

from api.client import Core
from api.kit.language import Sentence

Audience = Literal["people", "employers", "inspectors"]
AUDIENCES: tuple[Audience, ...] = ("people", "employers", "inspectors")

Script = Callable[[Core], Coroutine[Any, Any, None]]
NoticeScript = Callable[[Core, str], Coroutine[Any, Any, None]]


@dataclass(frozen=True, eq=False)
class Dialogue:
    """One service's talk, and where it is offered."""

    name: str
    words: Sentence
    script: Script | NoticeScript
    audiences: frozenset[Audience]
    place: int
    acting: bool
    family: bool
    persons: bool
    public: bool
    start: bool
    menu: bool
    actions: tuple[str, ...]
    service: str | None
    keywords: tuple[str, ...]
    reads: Callable[[str], str | None] | None
    sms: str
    short_of: str
    about_notice: bool = field(init=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", self.name):
            raise ValueError(f"a dialogue's name is a command too: {self.name!r}")
        object.__setattr__(self, "about_notice", len(signature(self.script).parameters) > 1)
        if (self.actions or self.reads) and not self.about_notice:
            raise TypeError(f"{self.name} opens from a notice's code, so it takes one")
        if self.sms and not re.fullmatch(r"[1-6]", self.sms):
            raise ValueError(f"{self.name} has a number that the menu of SMS uses: {self.sms!r}")
        if self.acting and (self.family or self.persons):
            raise TypeError(f"{self.name} speaks for a workplace or for a person, not for both")

    def __call__(self, core: Core, notice: str = "") -> Coroutine[Any, Any, None]:
        script: Callable[..., Coroutine[Any, Any, None]] = self.script
        return script(core, notice) if self.about_notice else script(core)


def dialogue(
    name: str,
    *,
    words: Sentence,
    audiences: Iterable[Audience] = AUDIENCES,
    place: int = 100,
    acting: bool = False,
    family: bool = False,
    persons: bool = False,
    public: bool = False,
    start: bool = False,
    menu: bool = True,
    actions: Sequence[str] = (),
    service: str | None = None,
    keywords: Sequence[str] = (),
    reads: Callable[[str], str | None] | None = None,
    sms: str = "",
    short_of: str = "",
) -> Callable[[Script | NoticeScript], Dialogue]:
    """Make an async function a dialogue.

    `words` is its menu line and `name` its command; `place` orders the menu. `acting` needs a
    grant: the engine asks for whom when the person has several. `family` can be about a child of
    the person too, `persons` about another person the chat may act for: the engine asks for whom
    when there is one. `public` needs no linked chat;
    `start` opens at /start in a chat that is not linked, and leaves the menu when it is. `actions`
    are the buttons of notices that open it: the function then takes the notice's code ("" where it
    was opened from the menu). `service` is the name under which it can be switched off.
    `keywords` are words that open it when no question is open, and so does a text in which `reads`
    finds the code of a notice. `sms` is its number in the menu of SMS, where `reads` may also take
    what follows the number. `short_of` names the dialogue whose short form it is: by SMS it is
    opened by the same words, and elsewhere it is not offered.
    """

    def made(script: Script | NoticeScript) -> Dialogue:
        return Dialogue(
            name=name,
            words=words,
            script=script,
            audiences=frozenset(audiences),
            place=place,
            acting=acting,
            family=family,
            persons=persons,
            public=public or start,
            start=start,
            menu=menu,
            actions=tuple(actions),
            service=service,
            keywords=tuple(keywords),
            reads=reads,
            sms=sms,
            short_of=short_of,
        )

    return made


class Dialogues:
    """All dialogues of a house, by name and by action; ValueError where two share one."""

    def __init__(self, dialogues: Iterable[Dialogue]) -> None:
        self._by_name: dict[str, Dialogue] = {}
        self._by_action: dict[str, Dialogue] = {}
        self._by_sms: dict[str, Dialogue] = {}
        for one in sorted(dialogues, key=lambda dialogue: (dialogue.place, dialogue.name)):
            if self._by_name.setdefault(one.name, one) is not one:
                raise ValueError(f"two dialogues are called {one.name}")
            if one.sms and self._by_sms.setdefault(one.sms, one) is not one:
                raise ValueError(f"two dialogues have the number {one.sms} by SMS")
            for action in one.actions:
                if self._by_action.setdefault(action, one) is not one:
                    raise ValueError(f"two dialogues answer the button {action}")

    def __iter__(self) -> Iterator[Dialogue]:
        return iter(self._by_name.values())

    def offered_to(self, audiences: Collection[str]) -> list[Dialogue]:
        """The dialogues that one of these audiences has, in the order of the menu."""
        return [one for one in self if _for(one, audiences)]

    def named(self, name: str, audiences: Collection[str]) -> Dialogue | None:
        """The dialogue of that name, where one of these audiences has it."""
        return _for(self._by_name.get(name), audiences)

    def acting_on(self, action: str, audiences: Collection[str]) -> Dialogue | None:
        """The dialogue that a notice's button opens."""
        return _for(self._by_action.get(action), audiences)

    def by_sms(self) -> dict[str, Dialogue]:
        """The dialogues that have a number by SMS, by it and in its order."""
        return dict(sorted(self._by_sms.items()))

    def actions(self) -> frozenset[str]:
        """Every button of a notice that opens a dialogue."""
        return frozenset(self._by_action)


def _for(found: Dialogue | None, audiences: Collection[str]) -> Dialogue | None:
    return found if found is not None and not found.audiences.isdisjoint(audiences) else None
