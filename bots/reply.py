"""What is said back, neutral: a text and a list, which one function numbers and recognises."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from api.kit.language import Sentence, _
from api.kit.message import Button, Message, Order, Pin, Wants
from api.kit.speech import Medium, Speech
from api.kit.text import Public
from notifier.channels.mouths import Capabilities

# One of these alone would make an English SMS twice as long (3GPP TS 23.038).
_IN_GSM = str.maketrans(
    {"·": "-", "•": "*", "–": "-", "—": "-", "“": '"', "”": '"', "’": "'", "…": "..."}
)
_EMPTY_LINES = re.compile(r"\n{2,}")
LINES = 8
"""A list has at most so many lines; the last may be *more*."""
DATA_BYTES = 64
MENU, BACK = "0", "9"
# Messengers take 4,096 UTF-16 units a message; a list and its hints want their share of it.
_LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: what comes back when it is chosen, and its words. ValueError past 64 bytes."""

    data: str
    label: str

    def __post_init__(self) -> None:
        if not 0 < len(self.data.encode()) <= DATA_BYTES:
            raise ValueError(f"button data has 1 to {DATA_BYTES} bytes: {self.data!r}")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the bot, in words.

    `lines` are numbered from 1, `ways` have their own digits (0 menu or cancel, 9 back). `others`
    have none: buttons beside a question that is answered in free text, where digits are text.
    `links` are buttons that open pages. `pins` are places on a map: `split` makes each a reply of its
    own, that goes before, and so with `papers`, each with the words beside it. `plain` shows numbers only. `wants` is a thing that some channels have a button for; `hint` says
    it in words where there is none.
    """

    text: str
    lines: tuple[Line, ...] = ()
    ways: tuple[tuple[str, Line], ...] = ()
    others: tuple[Line, ...] = ()
    links: tuple[Button, ...] = ()
    pins: tuple[Pin, ...] = ()
    papers: tuple[tuple[Order, str], ...] = ()
    wants: Wants | None = None
    wants_label: str = ""
    hint: str = ""
    plain: bool = False

    def shown(self) -> dict[str, str]:
        """What each digit taps while this reply is the last."""
        return {digit: line.data for digit, line in self._numbers()}

    def numbered(self, speech: Speech, *, links: bool = True) -> str:
        """The whole reply as text, for a channel without buttons; without `links` no address."""
        parts = [self.text] if self.text else []
        if links and self.links:
            parts.append("\n".join(f"{link.label}: {link.url}" for link in self.links))
        if self.hint:
            parts.append(self.hint)
        numbers = [f"{speech.digits(digit)}. {line.label}" for digit, line in self._numbers()]
        if numbers:
            parts.append("\n".join(numbers))
        unnumbered = (*self.others, *(line for digit, line in self.ways if not digit))
        if unnumbered:
            parts.append(_or_write(speech, unnumbered))
        # In an SMS each empty line is paid for.
        if speech.medium is Medium.SMS:
            return _EMPTY_LINES.sub("\n", "\n".join(parts)).strip().translate(_IN_GSM)
        return "\n\n".join(parts)

    def message(self, speech: Speech, can: Capabilities) -> Message:
        """The message for a channel, by what it can do."""
        language = speech.language.value
        if self.pins:
            (pin,) = self.pins
            return Message(self.text, pin=pin, language=language)
        if self.papers and can.papers:
            ((order, words),) = self.papers
            return Message(words, order=order, language=language)
        if not can.buttons:
            # What cannot open an address (an SMS never holds one) is told none.
            return Message(self.numbered(speech, links=can.links), language=language)
        pages = tuple((link,) for link in self.links) if can.links else ()
        shares = {Wants.CONTACT: can.contact, Wants.LOCATION: can.location}
        if self.wants is not None and shares.get(self.wants):
            # A messenger shows either kind of keyboard: the button that shares wins, and all the
            # rest is understood as words.
            ways = (*self.lines, *self.others, *(line for _digit, line in self.ways))
            text = f"{self.text}\n\n{_or_write(speech, ways)}" if ways else self.text
            return Message(
                text,
                buttons=pages,
                wants=self.wants,
                wants_label=self.wants_label,
                language=language,
            )
        text = f"{self.text}\n\n{self.hint}" if self.hint else self.text
        if self.plain:
            text = self.numbered(speech, links=False)
        # Beside the buttons: a file is sent where everything is, or by the page's own form.
        takes_file = self.wants is Wants.FILE and can.files
        rows: list[tuple[Line, ...]] = [] if self.plain else [(line,) for line in self.lines]
        rows += [(line,) for line in self.others]
        # A keyboard keeps the order of its array from the left in every language: back stands right.
        last = () if self.plain else tuple(line for _digit, line in self.ways)
        if last:
            rows.append(last)
        return Message(
            text,
            buttons=(
                *pages,
                *(tuple(Button(line.label, line.data) for line in row) for row in rows),
            ),
            wants=Wants.FILE if takes_file else None,
            wants_label=self.wants_label if takes_file else "",
            language=language,
        )

    def _numbers(self) -> list[tuple[str, Line]]:
        return [
            *((str(number), line) for number, line in enumerate(self.lines, 1)),
            *((digit, line) for digit, line in self.ways if digit),
        ]


def _or_write(speech: Speech, lines: Iterable[Line]) -> str:
    words = " · ".join(line.label for line in lines)
    return speech.word(_("Or write: {words}"), words=Public(words))


def messages(replies: Iterable[Reply], speech: Speech, can: Capabilities) -> list[Message]:
    """The messages for a channel; one without maps is shown no place, for the words say it too."""
    said = [reply.message(speech, can) for reply in replies if can.pins or not reply.pins]
    return said if can.buttons else [part for one in said for part in _fitting(one, can.length)]


def _fitting(message: Message, length: int) -> Iterator[Message]:
    """Cut a plain text at the ends of its lines, so that each piece is taken by the channel."""
    text = ""
    for line in message.text.split("\n"):
        if text and len(text) + 1 + len(line) > length:
            yield replace(message, text=text)
            text = line
        else:
            text = f"{text}\n{line}" if text else line
    yield replace(message, text=text[:length])


def split(reply: Reply) -> list[Reply]:
    """One reply, or several: each place before it, and a text that is too long for a message.

    The last carries the list.
    """
    places = [Reply(str(pin), pins=(pin,)) for pin in reply.pins]
    given = [Reply(words, papers=((order, words),)) for order, words in reply.papers]
    texts = [""]
    for paragraph in _pieces(reply.text):
        joined = f"{texts[-1]}\n\n{paragraph}" if texts[-1] else paragraph
        if len(joined) > _LONGEST:
            texts.append(paragraph)
        else:
            texts[-1] = joined
    last = replace(reply, text=texts[-1], pins=(), papers=())
    return [*places, *given, *(Reply(text) for text in texts[:-1] if text), last]


def _pieces(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        for start in range(0, len(paragraph) or 1, _LONGEST):
            yield paragraph[start : start + _LONGEST]


def paged(
    lines: Sequence[Line], page: int, more: Line, *, always: Sequence[Line] = ()
) -> tuple[Line, ...]:
    """One page of a list: all of it where it fits, else as much as does and *more*.

    The lines of `always` stand at the end of every page.
    """
    room = LINES - len(always)
    if len(lines) <= room:
        return (*lines, *always)
    room -= 1
    start = min(page, pages(len(lines), always=len(always)) - 1) * room
    rest = lines[start:]
    return (*rest[:room], *([more] if len(rest) > room else []), *always)


def pages(count: int, *, always: int = 0) -> int:
    """How many pages a list of so many lines has, beside those that stand on each."""
    room = LINES - always
    return 1 if count <= room else -(-count // (room - 1))


def labelled(speech: Speech, words: Sentence | str) -> str:
    """Words of a line: a sentence in the reader's language, a name as it is."""
    return speech.word(words) if isinstance(words, Sentence) else speech.name(words)
