"""What is the same on every messenger that speaks the Bot API, whichever library parses it.

Updates are fetched by a plain call of ours: they are kept as they came, before anything parses them.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp

from api.kit import points
from bots.adapters import NotNow, Raw
from bots.adapters.files import Files
from bots.adapters.shapes import MOST, Unreadable, number_of, shaped
from bots.talk import Contact, File, Place, Sent
from notifier.channels.dialects import DIALECTS
from notifier.channels.mouths import Channel
from notifier.channels.settings import BotSettings

ALLOWED = ("message", "callback_query", "my_chat_member")
"""The kinds of updates that are read."""

PRIVATE = "private"
_LEFT = frozenset({"kicked", "left"})
# A messenger takes two letters (ISO 639-1): of Kurdish, those of all its tongues.
_LANGUAGE_CODES = {"ckb": "ku"}
_BATCH = 100

Given = TypeVar("Given")


class BotApiAdapter(ABC):
    """One bot of one messenger."""

    def __init__(self, settings: BotSettings) -> None:
        self.messenger = settings.messenger
        self.audience = settings.audience
        self.dialect = DIALECTS[settings.messenger]
        self._url = f"{settings.api_root}/bot{settings.token.get_secret_value()}"
        self._session: aiohttp.ClientSession | None = None
        self._files = Files(settings)

    @property
    def name(self) -> str:
        return f"{self.messenger}:{self.audience}"

    @property
    @abstractmethod
    def channel(self) -> Channel:
        """The mouth by which replies leave."""

    def update_id(self, raw: Raw) -> int | None:
        number = raw.get("update_id")
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        # The offset that follows it must fit into the store as well.
        return number if abs(number) < MOST - 1 else None

    def chat_of(self, raw: Raw) -> str | None:
        for kind in (*ALLOWED, "edited_message"):
            inner = raw.get(kind)
            if not isinstance(inner, dict):
                continue
            message = inner.get("message") if kind == "callback_query" else inner
            places = [message.get("chat") if isinstance(message, dict) else None]
            if kind == "callback_query":
                places.append(inner.get("from"))
            for place in places:
                number = number_of(place.get("id")) if isinstance(place, dict) else None
                if number is not None:
                    return str(number)
        return None

    def read(self, raw: Raw) -> Sent | None:
        """What was sent; None where there is nothing to answer. Never raises.

        The library sees no more than is read: what it would stumble over, or lose itself in, stays
        outside (docs/decisions/0020-messengers-by-dialect.md).
        """
        kind = next((one for one in reversed(ALLOWED) if raw.get(one) is not None), None)
        if kind is None:
            return None
        try:
            whole = shaped(raw[kind], kind)
        except Unreadable:
            # It came from a chat, so somebody waits for an answer; what it was nobody can read.
            return Sent(private=_looks_private(raw))
        if kind == "my_chat_member":
            return _membership(whole)
        # Bale tells of forwarding as the Bot API did before version 7, by several fields.
        forwarded = any(name.startswith("forward") for name in raw[kind])
        return self._parsed({"update_id": 0, kind: whole}, forwarded=forwarded)

    @abstractmethod
    def _parsed(self, update: Raw, *, forwarded: bool) -> Sent | None:
        """What a message or a tap says, of an update of our shapes."""

    @abstractmethod
    async def acknowledge(self, sent: Sent) -> None:
        """Tell the messenger that a tap has come; best effort, never raises."""

    async def fetch(self, file: File) -> bytes:
        return await self._files.fetch(file)

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:
        asked: dict[str, Any] = {"timeout": int(wait_seconds), "limit": _BATCH}
        if self.dialect.chooses_updates:
            asked["allowed_updates"] = list(ALLOWED)
        if offset is not None:
            asked["offset"] = offset
        answer = await self._call("getUpdates", asked, wait_seconds + 10)
        return [one for one in answer if isinstance(one, dict)]

    @abstractmethod
    async def offer_commands(self, commands: Mapping[str, Mapping[str, str]]) -> bool:
        """Set the command menu, `{language: {command: words}}`; says whether it was taken."""

    @abstractmethod
    async def describe(self, words: Mapping[str, str]) -> bool:
        """Say in each language what the bot is for, before it is started and on its own page.

        At most 120 letters; says whether it was taken.
        """

    async def _for_each(
        self, given: Mapping[str, Given], tell: Callable[[Given, str | None], Awaitable[bool]]
    ) -> bool:
        """Tell the messenger something in every language; the first is what everybody else sees."""
        for place, (language, one) in enumerate(given.items()):
            code = _LANGUAGE_CODES.get(language, language)
            for known_by in (None, code) if place == 0 else (code,):
                if not await tell(one, known_by):
                    return False
        return True

    async def watch(self, address: str, secret: str) -> bool:
        """Have updates brought to our door; what waits is never dropped. Says whether it was heard.

        `address` is the door's; the secret goes with it or stands at its end, as the messenger
        needs it.
        """
        if self.dialect.secret_in_path:
            return await self._watch(f"{address}/{secret}", "")
        return await self._watch(address, secret)

    @abstractmethod
    async def _watch(self, url: str, secret: str) -> bool: ...

    @abstractmethod
    async def unwatch(self) -> bool:
        """Have updates kept until they are fetched; what waits is never dropped."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        await self._files.close()
        await self.channel.close()

    async def _call(self, method: str, asked: dict[str, Any], seconds: float) -> list[Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            with points.around("bots.updates"):
                async with self._session.post(
                    f"{self._url}/{method}",
                    json=asked,
                    timeout=aiohttp.ClientTimeout(total=seconds),
                    allow_redirects=False,
                ) as response:
                    status, answer = response.status, await response.json(content_type=None)
        except TimeoutError:
            raise NotNow("timeout", 1.0) from None
        except (aiohttp.ClientError, ValueError) as error:
            # The error's text may hold the token, as part of the address.
            raise NotNow(type(error).__name__, 1.0) from None
        result = answer.get("result") if isinstance(answer, dict) else None
        if status == 200 and isinstance(result, list):
            return result
        raise NotNow(f"status_{status}", _retry_after(answer))


def _looks_private(raw: Raw) -> bool:
    """Whether an update that cannot be read came from a chat of one person, as far as one can see."""
    message = raw.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    return not isinstance(chat, dict) or chat.get("type", "private") == "private"


def _membership(change: Raw) -> Sent | None:
    # Of its members each library has a class for each status, and each wants fields of its own.
    private = change["chat"]["type"] == PRIVATE
    if change["new_chat_member"]["status"] in _LEFT:
        return Sent(left=True, private=private)
    # Unblocking a bot is followed by /start; being put into a group is answered at once.
    return None if private else Sent(private=False)


def _is_private(chat_type: str, chat_id: int, person_id: int | None) -> bool:
    """Whether a chat is one person's; one that does not say so has its person's number."""
    return chat_type == PRIVATE if chat_type else chat_id == person_id


def _spoken(text: str) -> Sent:
    """Words, or the opening of a deep link."""
    if text == "/start" or text.startswith("/start "):
        return Sent(start=text[len("/start") :].strip())
    return Sent(text=text)


def _phone_of(number: str) -> str:
    """A card's number, which messengers write with and without its plus."""
    return number if number.startswith(("+", "0")) else f"+{number}"


def _retry_after(answer: Any) -> float:
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(after) if isinstance(after, int | float) and 0 < after < 86_400 else 1.0


def tapped(query: Any) -> Sent:
    """What a tap says. `query` is of whichever library: both name its fields as the Bot API does."""
    chat = query.message.chat if query.message is not None else None
    private = chat is None or _is_private(chat.type, chat.id, query.from_user.id)
    return Sent(tap=query.data or "|", private=private, acknowledge=query.id)


def written(message: Any, *, forwarded: bool) -> Sent | None:
    """What a message says, of whichever library; None where nobody is answered."""
    sender, chat = message.from_user, message.chat
    if sender is not None and sender.is_bot:
        return None
    if not _is_private(chat.type, chat.id, sender.id if sender else None):
        return Sent(private=False)
    place, card = message.location, message.contact
    # Own is what the messenger itself vouches for: one's own card, not forwarded (domain page, §3).
    own = sender is not None and card is not None and card.user_id == sender.id == chat.id
    return replace(
        _spoken(message.text or ""),
        contact=Contact(_phone_of(card.phone_number), own and not forwarded) if card else None,
        place=Place(place.latitude, place.longitude) if place else None,
        file=_file(message),
    )


def _file(message: Any) -> File | None:
    if message.document is not None:
        file = message.document
        name, media = file.file_name or "file", file.mime_type or "application/octet-stream"
        return File(file.file_id, name, file.file_size or 0, media)
    if message.photo:
        best = max(message.photo, key=lambda size: size.width * size.height)
        return File(best.file_id, "", best.file_size or 0, "image/jpeg")
    return None
