"""The words of a dialogue, before any messenger (talks.md).

A dialogue is one plain async function that awaits seven words:

    Step
      Ask        a question: the id of an option, or what was typed or sent
        Confirm  the numbered summary of the answers given, and the last yes or no
      Do         one call of the core, run once, its result kept
        Finish   a Do that closes the log: nothing before it can be changed
      Say        a sentence, said once
      Show       places on a map, shown once
      Give       a paper or a picture, given once

The engine runs the function again from the top over the kept answers at every message, so between
two words it must do the same whenever it is run: no clock, no randomness, no waiting for anything
else (the day is a result: `await Do("today", core.organisation.today)`).
"""

import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, Literal, ParamSpec, Self, TypeVar, overload

from api.kit.language import Language, Sentence
from api.kit.message import Paper, Pin
from bots.offers import AUDIENCES, Audience, Dialogue, Dialogues, dialogue
from bots.sent import Contact, File, Place, Sent

__all__ = [
    "AUDIENCES", "Act", "Ask", "Audience", "Chosen", "Confirm", "Contact", "Dialogue", "Dialogues",
    "Do", "File", "Finish", "Give", "Link", "Option", "Pin", "Place", "Say", "Sent", "Show", "Step", "Takes", "Unclear",
    "audience", "dialogue", "for_oneself", "language", "opens_pages", "shows_papers",
]  # fmt: skip

A = TypeVar("A")
T = TypeVar("T")
P = ParamSpec("P")

Takes = Literal["text", "contact", "location", "file"]

_STEP = re.compile(r"[a-z][a-z0-9_.]{0,39}")
_OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,47}")


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list: its id goes over the wire, its words are shown.

    One that `stays` stands on every page of a long list.
    """

    id: str
    words: Sentence | str
    stays: bool = False

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


@dataclass(frozen=True, slots=True)
class Link:
    """A button beside a sentence that opens a page: a verb, and where it leads."""

    words: Sentence
    url: str


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


listening: ContextVar[str] = ContextVar("listening")


def audience() -> str:
    """Whose bot this talk is on (an Audience): the same in every replay of it."""
    return listening.get()


ward: ContextVar[str | None] = ContextVar("ward")


def for_oneself() -> bool:
    """Whether a talk is about the person's own affairs, and not about a child's or another's."""
    return ward.get() is None


paging: ContextVar[bool] = ContextVar("paging")


def opens_pages() -> bool:
    """Whether this chat can be given addresses of pages: an SMS never holds one."""
    return paging.get()


showing: ContextVar[bool] = ContextVar("showing")


def shows_papers() -> bool:
    """Whether this chat can be given papers and pictures: by SMS the words stand alone."""
    return showing.get()


class Step(Generic[A]):
    """Something a dialogue awaits; the engine answers it."""

    name: str

    def __await__(self) -> Generator["Step[Any]", A, A]:
        return (yield self)


class Ask(Step[A]):
    """A question, under a name that is used once in a dialogue (loops number it: `code.2`).

    A summary shows the last turn of a numbered one: what was tried before it does not count.

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
        self: "Ask[File | str]",
        name: str,
        words: Sentence,
        options: Sequence[Option],
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
        self.grant: str | None = None

    def acting_for(self, grant: str) -> Self:
        """Make this one call for another workplace or child than the talk is about."""
        self.grant = grant
        return self


class Finish(Do[T]):
    """A Do that must not happen twice and closes what was said before it."""

    final = True


class Say(Step[None]):
    """A sentence that is not a question, with buttons that open pages.

    An address that opens something private comes from a Do, whose result is sealed; it is said once
    and kept nowhere in clear.
    """

    def __init__(self, words: Sentence, /, *, links: Sequence[Link] = (), **facts: Any) -> None:
        self.name = ""
        self.words = words.using(**facts)
        self.links = tuple(links)


class Show(Step[None]):
    """Places on a map, each a message of its own before the words that follow.

    Where a channel has no map none is shown, so the words say where they are as well.
    """

    def __init__(self, pins: Sequence[Pin]) -> None:
        self.name = ""
        self.pins = tuple(pins)


class Give(Step[None]):
    """A paper of the core, a message of its own before the words that follow.

    `verb` is a method of the typed client that asks for nothing. It is called when the paper leaves,
    for whom the talk is then, and nothing of the paper is kept. `words` go beside it and say the
    same to those who do not see it; they stand alone where a channel shows none.
    """

    def __init__(
        self, verb: Callable[[], Awaitable[Paper]], words: Sentence, /, *, picture: bool = False
    ) -> None:
        self.name = ""
        self.verb = verb
        self.words = words
        self.picture = picture


def _named(name: str) -> str:
    if not _STEP.fullmatch(name):
        raise ValueError(f"a step's name is short and plain: {name!r}")
    return name
