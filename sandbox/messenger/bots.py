"""The bots this messenger knows, by token."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.messenger.dialects import MESSENGERS, TELEGRAM
from sandbox.store import Store, dump


@dataclass(frozen=True)
class Bot:
    """One bot: the audience it talks to, its token and its username, and on which messenger."""

    audience: str
    token: str
    username: str
    messenger: str = TELEGRAM

    @property
    def name(self) -> str:
        """What the desk calls it: its audience at Telegram, `bale:employers` elsewhere."""
        return self.audience if self.messenger == TELEGRAM else f"{self.messenger}:{self.audience}"

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    def user(self) -> dict[str, Any]:
        """The bot as the Bot API shows a user."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.username,
            "username": self.username,
        }


class UnusableBot(ValueError):
    """A bot's line in the settings cannot be read; the text says how it is written."""


def read_bot(line: str) -> Bot:
    """Read `audience:token:username` or `audience=token`, after `bale:` one of Bale.

    Raises UnusableBot.
    """
    messenger, _, rest = line.partition(":")
    if messenger in MESSENGERS:
        line = rest
    else:
        messenger = TELEGRAM
    if "=" in line:
        audience, _, token = line.partition("=")
        username = f"bimeyar_{audience}_bot"
    else:
        audience, _, rest = line.partition(":")
        token, _, username = rest.rpartition(":")
    number, _, secret = token.partition(":")
    if not (audience and username and secret and number.isascii() and number.isdecimal()):
        raise UnusableBot(
            "A bot is written audience=number:secret, or audience:number:secret:username, "
            "and one of Bale with bale: before it."
        )
    return Bot(audience, token, username, messenger)


class Bots:
    """All bots, and what each has told the messenger about itself (commands, texts, webhook)."""

    def __init__(self, bots: list[Bot], store: Store) -> None:
        self._all = {bot.name: bot for bot in bots}
        self._by_token = {bot.token: bot for bot in bots}
        self._store = store

    def __iter__(self) -> Any:
        return iter(self._all.values())

    def of_token(self, token: str) -> Bot | None:
        return self._by_token.get(token)

    def of_name(self, name: str) -> Bot | None:
        return self._all.get(name)

    def only(self) -> Bot | None:
        """The first bot: the one meant where nobody says which."""
        return next(iter(self._all.values()), None)

    def tell(self, bot: Bot, name: str, value: Any) -> None:
        self._store.do(
            "INSERT INTO facts_of_bot (bot, name, body) VALUES (?, ?, ?) "
            "ON CONFLICT (bot, name) DO UPDATE SET body = excluded.body",
            bot.name,
            name,
            dump(value),
        )

    def told(self, bot: Bot, name: str, default: Any = None) -> Any:
        row = self._store.row(
            "SELECT body FROM facts_of_bot WHERE bot = ? AND name = ?", bot.name, name
        )
        return json.loads(row["body"]) if row else default

    def forget(self, bot: Bot, name: str) -> None:
        self._store.do("DELETE FROM facts_of_bot WHERE bot = ? AND name = ?", bot.name, name)
