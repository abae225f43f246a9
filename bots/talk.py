"""The words of a dialogue and what a person sent, before any messenger (talks.md).

A dialogue is one plain async function that awaits five words:

    Step
      Ask        a question: the id of an option, or what was typed or sent
        Confirm  the numbered summary of the answers given, and the last yes or no
      Do         one call of the core, run once, its result kept
        Finish   a Do that closes the log: nothing before it can be changed
      Say        a sentence, said once

The engine runs the function again from the top over the kept answers at every message, so between
two words it must do the same whenever it is run: no clock, no randomness, no waiting for anything
else (the day is a result: `await Do("today", core.organisation.today)`).
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from api.client import Core
from api.kit.language import Language, Sentence
from api.kit.text import normalise

A = TypeVar("A")
T = TypeVar("T")
P = ParamSpec("P")

Takes = Literal["text", "contact", "location", "file"]
Audience = Literal["people", "employers", "inspectors"]
AUDIENCES: tuple[Audience, ...] = ("people", "employers", "inspectors")

_STEP = re.compile(r"[a-z][a-z0-9_.]{0,39}")
# A deep link's payload has at most so many characters (Bot API).
_PAYLOAD = 64
_OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,47}")


@dataclass(frozen=True, slots=True)
class Place:
    """A pin: degrees of latitude and longitude."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person sent, by the messenger's own reference; `size` in bytes."""

    reference: str
    name: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact card. `own` is true only where the messenger vouches that it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sent, neutral: at most one of these is set; none at all is something unreadable.

    `start` is the payload of a deep link ("" for a plain /start). `private` is false in groups.
    `left` says that the person stopped the bot.
    """

    text: str = ""
    tap: str = ""
    start: str | None = None
    contact: Contact | None = None
    place: Place | None = None
    file: File | None = None
    private: bool = True
    left: bool = False
    acknowledge: str = ""
    """The messenger's reference of a tap that waits to be acknowledged."""

    def cleaned(self) -> "Sent":
        """The same as we keep and compare it: nothing invisible, nothing a store cannot take."""
        card, file = self.contact, self.file
        return replace(
            self,
            text=normalise(self.text),
            tap=normalise(self.tap),
            start=None if self.start is None else normalise(self.start)[:_PAYLOAD],
            contact=replace(card, phone=normalise(card.phone)) if card else None,
            file=replace(file, name=normalise(file.name)) if file else None,
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list: its id goes over the wire, its words are shown."""

    id: str
    words: Sentence | str

    def __post_init__(self) -> None:
        if not _OPTION.fullmatch(self.id):
            raise ValueError(f"an option's id is short and plain: {self.id!r}")


@dataclass(frozen=True, slots=True)
class Act:
    """A button of a notice, offered again beside a question: tapping it opens its own dialogue."""

    action: str
    code: str
    words: Sentence | str

    @property
    def data(self) -> str:
        return f"{self.action}|{self.code}"


class Chosen(str):
    """An answer that is the id of an option, where the same question also takes text."""

    __slots__ = ()


class Unclear(Exception):
    """A check did not understand what was typed; the sentence says what is wanted."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words.msgid)
        self.words = words


spoken: ContextVar[Language] = ContextVar("spoken")


def language() -> Language:
    """The language the chat had when this talk was opened: the same in every replay of it."""
    return spoken.get()


class Step(Generic[A]):
    """Something a dialogue awaits; the engine answers it."""

    name: str

    def __await__(self) -> Generator["Step[Any]", A, A]:
        return (yield self)


class Ask(Step[A]):
    """A question, under a name that is used once in a dialogue (loops number it: `code.2`).

    With `options` the answer is the id of one. Without, `takes` says what is understood, and
    `check` turns what was typed into the answer or raises Unclear. With `options` and a `check` or
    `takes` both are understood, and an option's id comes as `Chosen`; digits are then text.

    `acts` are buttons of notices that stand among the options and are no answer: they open their own
    dialogue and park this one.

    `label` names the answer in the summary where the question itself is too long for it. `secret`
    keeps the answer out of every summary. A text is at most `longest` letters.
    """

    @overload
    def __init__(
        self: "Ask[str]",
        name: str,
        words: Sentence,
        options: Sequence[Option],
        *,
        acts: Sequence[Act] = (),
        label: Sentence | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[str]",
        name: str,
        words: Sentence,
        options: Sequence[Option] = (),
        *,
        takes: tuple[Literal["text"]] = ("text",),
        check: Callable[[str], str] | None = None,
        label: Sentence | None = None,
        secret: bool = False,
        longest: int = 1000,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[Contact]",
        name: str,
        words: Sentence,
        *,
        takes: tuple[Literal["contact"]],
        label: Sentence | None = None,
        secret: bool = False,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[Place]",
        name: str,
        words: Sentence,
        *,
        takes: tuple[Literal["location"]],
        label: Sentence | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[File]",
        name: str,
        words: Sentence,
        *,
        takes: tuple[Literal["file"]],
        label: Sentence | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[Place | str]",
        name: str,
        words: Sentence,
        options: Sequence[Option] = (),
        *,
        takes: tuple[Literal["location"], Literal["text"]],
        check: Callable[[str], str] | None = None,
        label: Sentence | None = None,
        longest: int = 1000,
    ) -> None: ...
    @overload
    def __init__(
        self: "Ask[File | str]",
        name: str,
        words: Sentence,
        options: Sequence[Option] = (),
        *,
        takes: tuple[Literal["file"], Literal["text"]],
        check: Callable[[str], str] | None = None,
        label: Sentence | None = None,
        longest: int = 1000,
    ) -> None: ...
    def __init__(
        self,
        name: str,
        words: Sentence,
        options: Sequence[Option] = (),
        *,
        acts: Sequence[Act] = (),
        takes: tuple[Takes, ...] | None = None,
        check: Callable[[str], str] | None = None,
        label: Sentence | None = None,
        secret: bool = False,
        longest: int = 1000,
    ) -> None:
        self.name = _named(name)
        self.words = words
        self.options = tuple(options)
        self.acts = tuple(acts)
        typed: tuple[Takes, ...] = ("text",) if check is not None or not self.options else ()
        self.takes = typed if takes is None else takes
        self.check = check
        self.label = label or words
        self.secret = secret
        self.longest = longest
        ids = [option.id for option in self.options]
        if len(ids) != len(set(ids)):
            raise ValueError(f"two options of {name!r} have one id")

    @property
    def is_list(self) -> bool:
        """Whether it is answered from its list alone, so that digits count lines."""
        return not self.takes


class Confirm(Ask[bool]):
    """The numbered summary of the questions and answers this replay passed, and the last word.

    `words` says what will be done; `yes` is the verb that does it ("Send" where nothing is said).
    A dialogue with several confirmations names them by `step`.
    """

    def __init__(
        self,
        words: Sentence,
        /,
        *,
        step: str = "confirm",
        yes: Sentence | None = None,
        **facts: Any,
    ) -> None:
        # The options of a summary are the engine's; an Ask without any is not asked for here.
        self.name = _named(step)
        self.words = words.using(**facts)
        self.options = ()
        self.acts = ()
        self.takes = ()
        self.check = None
        self.label = self.words
        self.secret = False
        self.longest = 0
        self.yes = yes


class Do(Step[T]):
    """One call of the core: a method of the typed client, its arguments by name, kept by name.

    Raises the core's refusals, now and at every replay. A core that cannot answer never shows: the
    talk waits and the engine tries again.
    """

    final = False

    def __init__(
        self, name: str, verb: Callable[P, Awaitable[T]], /, *args: P.args, **arguments: P.kwargs
    ) -> None:
        if args:
            raise TypeError(f"the arguments of {name!r} go by name")
        self.name = _named(name)
        self.verb: Callable[..., Awaitable[T]] = verb
        self.arguments: dict[str, Any] = dict(arguments)


class Finish(Do[T]):
    """A Do that must not happen twice and closes what was said before it."""

    final = True


class Say(Step[None]):
    """A sentence that is not a question."""

    def __init__(self, words: Sentence, /, **facts: Any) -> None:
        self.name = ""
        self.words = words.using(**facts)


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
    public: bool
    start: bool
    menu: bool
    actions: tuple[str, ...]
    service: str | None
    keywords: tuple[str, ...]
    reads: Callable[[str], str | None] | None
    about_notice: bool = field(init=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", self.name):
            raise ValueError(f"a dialogue's name is a command too: {self.name!r}")
        object.__setattr__(self, "about_notice", len(signature(self.script).parameters) > 1)
        if (self.actions or self.reads) and not self.about_notice:
            raise TypeError(f"{self.name} opens from a notice's code, so it takes one")

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
    public: bool = False,
    start: bool = False,
    menu: bool = True,
    actions: Sequence[str] = (),
    service: str | None = None,
    keywords: Sequence[str] = (),
    reads: Callable[[str], str | None] | None = None,
) -> Callable[[Script | NoticeScript], Dialogue]:
    """Make an async function a dialogue.

    `words` is its menu line and `name` its command; `place` orders the menu. `acting` needs a
    grant: the engine asks for whom when the person has several. `public` needs no linked chat;
    `start` opens at /start in a chat that is not linked, and leaves the menu when it is. `actions`
    are the buttons of notices that open it: the function then takes the notice's code ("" where it
    was opened from the menu). `service` is the name under which it can be switched off.
    `keywords` are words that open it when no question is open, and so does a text in which `reads`
    finds the code of a notice.
    """

    def made(script: Script | NoticeScript) -> Dialogue:
        return Dialogue(
            name=name,
            words=words,
            script=script,
            audiences=frozenset(audiences),
            place=place,
            acting=acting,
            public=public or start,
            start=start,
            menu=menu,
            actions=tuple(actions),
            service=service,
            keywords=tuple(keywords),
            reads=reads,
        )

    return made


class Dialogues:
    """All dialogues of a house, by name and by action; ValueError where two share one."""

    def __init__(self, dialogues: Iterable[Dialogue]) -> None:
        self._by_name: dict[str, Dialogue] = {}
        self._by_action: dict[str, Dialogue] = {}
        for one in sorted(dialogues, key=lambda dialogue: (dialogue.place, dialogue.name)):
            if self._by_name.setdefault(one.name, one) is not one:
                raise ValueError(f"two dialogues are called {one.name}")
            for action in one.actions:
                if self._by_action.setdefault(action, one) is not one:
                    raise ValueError(f"two dialogues answer the button {action}")

    def __iter__(self) -> Iterator[Dialogue]:
        return iter(self._by_name.values())

    def named(self, name: str, audience: str) -> Dialogue | None:
        """The dialogue of that name, where this audience has it."""
        return _for(self._by_name.get(name), audience)

    def acting_on(self, action: str, audience: str) -> Dialogue | None:
        """The dialogue that a notice's button opens."""
        return _for(self._by_action.get(action), audience)

    def actions(self) -> frozenset[str]:
        """Every button of a notice that opens a dialogue."""
        return frozenset(self._by_action)


def _for(found: Dialogue | None, audience: str) -> Dialogue | None:
    return found if found is not None and audience in found.audiences else None


def _named(name: str) -> str:
    if not _STEP.fullmatch(name):
        raise ValueError(f"a step's name is short and plain: {name!r}")
    return name
