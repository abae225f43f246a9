"""Transcripts by SMS: the same file, with digits and words in place of buttons.

The story is told with the PIN's speech and the dates of a chat, so that its words are those of the
file, and told once more with another language before every line.

What SMS does otherwise everywhere is met here: no language is asked, the number is known, the menu
is short, a summary is sent by a code, no page is opened, and what is no line of the list is a word.
What it does otherwise in one place stands in the file: a button of a notice and one of an earlier
talk are nothing an SMS can tap, nor is it a file, a place, or another's contact. A talk that needs
one goes on at the page, by the code that `elsewhere` gives.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.client import Core
from api.kit.language import Language
from api.kit.speech import Medium
from api.kit.text import key
from bots import log, understanding
from bots.dialogues import collected
from bots.talk import Dialogues
from tests.bots.carried import Carried
from tests.bots.phones import SmsPlayer
from tests.bots.players import Heard, WebPlayer
from tests.bots.transcripts import (
    Story,
    Switching,
    act,
    beyond_words,
    lines_of,
    numbered,
    said_in,
    says,
    sentences,
)

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
    """Say all that a file says by SMS, without a PIN or with it; gives every answer."""
    opened, wire = core
    player = Shut(dialogues, opened, pin=pin)
    story = _Hearing(player, wire, also)
    lines = lines_of(path, by_sms=True)
    player.speak(language or _language(lines))
    for place, line in enumerate(lines, 1):
        if not line.startswith(("<", "lang ") if language else "<"):
            await story.go_on(place, line, f"{path.name}:{place} by SMS")
    return player.all_heard


async def play_by_sms(
    path: Path,
    *,
    dialogues: Dialogues,
    core: Callable[[], tuple[Core, Any]],
    also: Mapping[str, Callable[[Any], None]] = MappingProxyType({}),
    wish: str = "",
    switching: bool = True,
) -> int:
    """Play a file by SMS, and once more with another language at every line.

    Gives how many of its answers were found as written. `core` makes a fresh core for each story.
    `wish` is said instead of a /start: by SMS that is one of people, whoever the file is about.
    Raises AssertionError with file and line where an answer is missing, or the stories differ.
    """
    lines = lines_of(path, by_sms=True)

    async def told(switched: Switching | None = None) -> _Story:
        opened, wire = core()
        story = _Story(Open(dialogues, opened), wire, also, wish=wish, switching=switched)
        story.player.speak(_language(lines))
        for place, line in enumerate(lines, 1):
            await story.go_on(place, line, f"{path.name}:{place} by SMS")
        return story

    story = await told()
    if switching:
        in_many = await told(Switching(story.told))
        for (place, said), (_place, other) in zip(story.told, in_many.told, strict=True):
            assert beyond_words(said) == beyond_words(other), (
                f"{path.name}:{place} by SMS in one language {said}, in many {other}"
            )
    return story.found


class _Story:
    """A file under way."""

    def __init__(
        self,
        player: SmsPlayer,
        wire: Any,
        also: Mapping[str, Callable[[Any], None]],
        *,
        wish: str = "",
        switching: Switching | None = None,
    ) -> None:
        self.player: SmsPlayer | WebPlayer = player
        self.found = 0
        self.told: Story = []
        self._phone = player
        self._wish = wish
        self._wire = wire
        self._also = also
        self._switching = switching
        self._heard: list[Heard] = []
        self._ids: dict[str, str] = {}

    async def go_on(self, place: int, line: str, where: str) -> None:
        if self.player is self._phone and line.startswith("> "):
            if not (said := self._by_sms(line[2:])):
                return
            line = f"> {said}"
        if self._switching is not None:
            line = self._switching.line(place, line, self.player, self._heard)
        if line in self._also:
            self._also[line](self._wire)
        elif line in {"at the page", "at the phone"}:
            await (self._to_the_page() if line == "at the page" else self._to_the_phone())
        elif line.startswith("lang "):
            self.player.speak(line[5:])
        elif line.startswith("<"):
            self._check(line, where)
        elif line.strip() and not line.startswith("#"):
            await self._said(place, line, where)

    def _check(self, line: str, where: str) -> None:
        if self.player is self._phone and line.startswith(("<@", "<| 0.")):
            return
        if line.startswith("<|"):
            data = [data for message in self._heard for _label, data in message.buttons]
            assert line[2:].strip() in data, f"{where}: no such line among {data}"
            return
        words = line[1:].strip()
        if self._switching is not None and words not in sentences():
            return
        fits = says(self._heard, words, self.player.chat["language"])
        self.found += fits
        assert fits or words.startswith(_OTHERWISE), f"{where}: {self._heard}"

    async def _said(self, place: int, line: str, where: str) -> None:
        step = await self._step(line, where)
        if step is None:
            return
        answer = await act(step, self.player, self._heard, self._wire)
        talk = log.open_talk(self.player.chat)
        if self.player is self._phone and talk is not None and talk["view"] == "code":
            answer = await self.player.send(self.player.raw("text", CODE))
        if answer is not None:
            self._hear(answer)
            self.told.append((place, [numbered(message, self._ids) for message in self._heard]))
        assert self._heard or not line.startswith(">"), f"{where}: silence"

    def _hear(self, answer: list[Heard]) -> None:
        """Hear an answer; an SMS has no buttons, but lines that tap the same."""
        if answer and self.player is self._phone:
            lines = tuple((line.label, line.data) for line in self._phone.lines)
            answer = [*answer[:-1], replace(answer[-1], buttons=lines)]
        self._heard = answer

    async def _to_the_page(self) -> None:
        """Ask for a code by SMS, and write it on the page of whom the talk serves."""
        phone = self._phone
        talk = log.open_talk(phone.chat)
        assert talk is not None, "there is a talk that can go on"
        codes = phone.codes = Carried()
        await phone.send(phone.raw("text", "elsewhere"))
        self.player = page = WebPlayer(
            phone.dialogues, phone.core, talk["audience"], phone.chat["language"]
        )
        page.codes, page.now = codes, phone.now
        self._hear(await page.send(page.raw("text", codes.last)))

    async def _to_the_phone(self) -> None:
        self._phone.now = self.player.now
        self.player = self._phone

    def _by_sms(self, said: str) -> str:
        """What is written in place of it; nothing where by SMS it need not be said."""
        if said == "contact":
            return ""
        if said in {f"tap:{language}" for language in Language} and not self._found(said[4:]):
            return ""
        if said == "start" and self._wish:
            return self._wish
        named = _NAMES.get(key(said)) if log.open_talk(self._phone.chat) is None else None
        return f"/{named}" if named else said

    async def _step(self, line: str, where: str) -> str | None:
        """The same line as it is written by SMS; None for what no SMS can say."""
        phone = self._phone
        said = line.removeprefix("> ")
        if not line.startswith("> ") or self.player is not phone:
            return line
        if said.split(" ")[0] in {"group", "left", "file", "location", "contact", "sticker"}:
            return self._impossible(f"{where}: no SMS is a {said.split(' ')[0]}")
        digit = understanding.digit(said)
        if digit and digit not in "079" and log.open_talk(phone.chat) is None:
            # A line of the menu, which by SMS is that of all services.
            await phone.send(phone.raw("text", "7"))
        if not said.startswith("tap:"):
            return line
        wanted = said[4:]
        if not (data := self._found(wanted)):
            await phone.send(phone.raw("text", "7"))
            data = self._found(wanted)
        if not data:
            return self._impossible(f"{where}: no such line among {phone.lines}")
        return f"> {said_in(phone.written(data), phone.chat['language'])}"

    def _impossible(self, why: str) -> str | None:
        raise AssertionError(why)

    def _found(self, wanted: str) -> str | None:
        lines = [line.data for line in self._phone.lines]
        return next((one for one in lines if wanted in {one, one.rpartition("|")[2]}), None)


class _Hearing(_Story):
    """A file of which only the answers by SMS are wanted; what cannot be said is left out."""

    async def go_on(self, place: int, line: str, where: str) -> None:
        if line == "at the phone":
            self._elsewhere = False
        elif line == "at the page":
            self._elsewhere = True
        elif not self._elsewhere:
            await super().go_on(place, line, where)

    _elsewhere = False

    def _impossible(self, why: str) -> None:
        return None


def _language(lines: list[str]) -> str:
    """The language that the file chooses first: by SMS nobody is asked for it."""
    chosen = next(
        (found for line in lines if (found := re.match(r"(?:lang |> tap:)(fa|en|ar|ckb)$", line))),
        None,
    )
    return chosen[1] if chosen else "fa"
