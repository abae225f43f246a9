"""Transcripts by SMS: the same file, with digits and words in place of buttons.

The story is told with the PIN's speech and the dates of a chat, so that its words are those of the
file. What SMS does otherwise is met here: no language is asked, the number is known, the menu is
short, a summary is sent by a code, no page is opened, and what is no line of the list is a word.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.client import Core
from api.kit.language import Language, Medium
from api.kit.text import key
from bots import log, understanding
from bots.dialogues import collected
from bots.talk import Dialogues
from tests.bots.phones import SmsPlayer
from tests.bots.players import Heard
from tests.bots.transcripts import act, lines_of, says

CODE = "123456"
# A word of the menu opens a short answer by SMS; the command, the whole dialogue.
_NAMES = {
    key(word): one.name
    for one in collected()
    if one.menu
    for word in (one.name, *one.keywords)
    if not word.isdigit()
}
# What is said of the menu, of pages and of taps, none of which an SMS has.
_OTHERWISE = (
    "What would you like to do?",
    "Choose your language",
    "To pay: ",
    "This button belongs to an earlier talk.",
    "We did not understand that",
    "The page stays open",
    "Go on with",
    "Welcome. This is",
    # The rules of a debt's lines.
    "Fine for",
    "جریمهٔ",
)


class Shut(SmsPlayer):
    """A player who never shows a PIN, or always; keeps all that was ever heard."""

    def __init__(self, dialogues: Dialogues, core: Core, *, pin: bool = False) -> None:
        super().__init__(dialogues, core, "people")
        self.all_heard: list[str] = []
        self._pin = pin

    def _conversation(self) -> Any:
        conversation = super()._conversation()
        conversation.discreet = not self._pin
        return conversation

    async def _hear(self, conversation: Any, replies: Any) -> list[Heard]:
        heard = await super()._hear(conversation, replies)
        self.all_heard += [one.text for one in heard]
        return heard


class Open(SmsPlayer):
    """A player who is shown amounts and names, in the words of a chat."""

    def __init__(self, dialogues: Dialogues, core: Core) -> None:
        super().__init__(dialogues, core, "people")
        self.medium = Medium.CHAT

    def _conversation(self) -> Any:
        conversation = super()._conversation()
        conversation.discreet = False
        return conversation


async def heard_of(
    path: Path,
    *,
    dialogues: Dialogues,
    core: tuple[Core, Any],
    also: Mapping[str, Callable[[Any], None]],
    language: str = "",
    pin: bool = False,
) -> list[str]:
    """Say all that a file says, without a PIN or with it; gives every answer."""
    opened, wire = core
    player = Shut(dialogues, opened, pin=pin)
    story = _Story(player, wire, also)
    lines = lines_of(path, by_sms=True)
    player.speak(language or _language(lines))
    for place, line in enumerate(lines, 1):
        if not line.startswith(("<", "lang ") if language else "<"):
            await story.go_on(line, f"{path.name}:{place} by SMS")
    return player.all_heard


async def play_by_sms(
    path: Path,
    *,
    dialogues: Dialogues,
    core: tuple[Core, Any],
    also: Mapping[str, Callable[[Any], None]] = MappingProxyType({}),
    wish: str = "",
) -> int:
    """Play a file by SMS; gives how many of its answers were found as written.

    `wish` is said instead of a /start: by SMS that is one of people, whoever the file is about.
    """
    opened, wire = core
    story = _Story(Open(dialogues, opened), wire, also, wish)
    lines = lines_of(path, by_sms=True)
    story.player.speak(_language(lines))
    for place, line in enumerate(lines, 1):
        await story.go_on(line, f"{path.name}:{place} by SMS")
    return story.found


class _Story:
    """A file under way; `other` while its answer is another one by SMS."""

    def __init__(
        self,
        player: SmsPlayer,
        wire: Any,
        also: Mapping[str, Callable[[Any], None]],
        wish: str = "",
    ) -> None:
        self.player = player
        self._wish = wish
        self.found = 0
        self._wire = wire
        self._also = also
        self._heard: list[Heard] = []
        self._other = True

    async def go_on(self, line: str, where: str) -> None:
        if line in self._also:
            self._also[line](self._wire)
        elif line.startswith("lang "):
            self.player.speak(line[5:])
        elif line.startswith("<"):
            self._check(line, where)
        elif line.strip() and not line.startswith("#"):
            await self._said(line, where)

    def _check(self, line: str, where: str) -> None:
        if line.startswith(("<@", "<| 0.")):
            return
        if line.startswith("<|"):
            assert self._other or line[2:].strip() in _lines(self.player), where
            return
        words = line[1:].strip()
        fits = says(self._heard, words, self.player.chat["language"])
        self.found += fits
        assert fits or self._other or words.startswith(_OTHERWISE), f"{where}: {self._heard}"

    async def _said(self, line: str, where: str) -> None:
        if self._wish and line == "> start":
            line = f"> {self._wish}"
        step, self._other = await _step(line, self.player)
        if step is None:
            return
        answer = await act(step, self.player, self._heard, self._wire)
        talk = next((one for one in self.player.chat["talks"] if one["state"] == "open"), None)
        if talk is not None and talk["view"] == "code":
            answer = await self.player.send(self.player.raw("text", CODE))
        self._heard = self._heard if answer is None else answer
        assert self._heard or not line.startswith(">"), f"{where}: silence"


def _language(lines: list[str]) -> str:
    """The language that the file chooses first: by SMS nobody is asked for it."""
    chosen = next(
        (found for line in lines if (found := re.match(r"(?:lang |> tap:)(fa|en|ar|ckb)$", line))),
        None,
    )
    return chosen[1] if chosen else "fa"


def _lines(player: SmsPlayer) -> list[str]:
    """What the lines of the last answer tap, with a digit or without."""
    return [line.data for line in player.lines]


async def _step(line: str, player: SmsPlayer) -> tuple[str | None, bool]:
    """The same line as it is written by SMS, and whether its answer is another one there."""
    said = line.removeprefix("> ")
    if not line.startswith("> ") or said == "contact":
        return (None if said == "contact" else line), False
    if said in {f"tap:{language}" for language in Language}:
        return None, False
    if said.split(" ")[0] in {"group", "left", "file", "location", "contact", "sticker"}:
        return None, True
    if log.open_talk(player.chat) is None:
        if (digit := understanding.digit(said)) and digit not in "09":
            # A line of the menu, which by SMS is that of all services.
            await player.send(player.raw("text", "7"))
        if key(said) in _NAMES:
            return f"> /{_NAMES[key(said)]}", False
    if not said.startswith("tap:"):
        return line, False
    wanted = said[4:]
    if not (data := _found(wanted, player)):
        await player.send(player.raw("text", "7"))
        data = _found(wanted, player)
    return (f"> {player.written(data)}", False) if data else (None, True)


def _found(wanted: str, player: SmsPlayer) -> str | None:
    lines = _lines(player)
    return next((one for one in lines if wanted in {one, one.rpartition("|")[2]}), None)
