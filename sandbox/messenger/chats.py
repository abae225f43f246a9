"""Chats and their messages: what a person sees on the phone, and what a bot may write to."""

import json
import time
from typing import Any

from sandbox.changes import Changes
from sandbox.messenger.bots import Bot, Bots
from sandbox.messenger.refusals import Refused, bad
from sandbox.people import People
from sandbox.store import Store, dump


class Chats:
    """The messages of every chat with every bot."""

    def __init__(
        self, store: Store, bots: Bots, people: People, changes: Changes, *, all_open: bool
    ) -> None:
        self._store = store
        self._bots = bots
        self._people = people
        self._changes = changes
        # Crowds of a bench are no people of the country: with this, every private chat exists.
        self._all_open = all_open

    def chat(self, chat_id: int) -> dict[str, Any]:
        """Answer a chat as the Bot API shows it."""
        if chat_id < 0:
            return {"id": chat_id, "type": "group", "title": "گروه همکاران"}
        person = self._people.of_user(chat_id)
        names = (person.first_name, person.last_name) if person else ("ناشناس", "")
        return {"id": chat_id, "type": "private", "first_name": names[0], "last_name": names[1]}

    def to_write_to(self, bot: Bot, chat_id: Any) -> int:
        """Answer the chat a bot may write to. Raises Refused: 400 no such chat, 403 blocked."""
        if not isinstance(chat_id, int):
            raise bad("chat not found")
        if self.is_blocked(bot, chat_id):
            raise Refused(403, "Forbidden: bot was blocked by the user")
        known = self._store.row(
            "SELECT 1 FROM messages WHERE bot = ? AND chat_id = ? LIMIT 1", bot.name, chat_id
        )
        # As at Telegram a bot cannot begin: the person writes first.
        if known is None and not (self._all_open and chat_id > 0):
            raise bad("chat not found")
        return chat_id

    def is_blocked(self, bot: Bot, user_id: int) -> bool:
        row = self._store.row(
            "SELECT 1 FROM blocks WHERE bot = ? AND user_id = ?", bot.name, user_id
        )
        return row is not None

    def set_blocked(self, bot: Bot, user_id: int, *, blocked: bool) -> bool:
        """Block or unblock a bot and answer whether anything changed."""
        if blocked == self.is_blocked(bot, user_id):
            return False
        if blocked:
            self._store.do("INSERT INTO blocks VALUES (?, ?)", bot.name, user_id)
        else:
            self._store.do("DELETE FROM blocks WHERE bot = ? AND user_id = ?", bot.name, user_id)
        self._changes.touch()
        return True

    def write(
        self, bot: Bot, chat_id: int, *, sender: dict[str, Any], body: dict[str, Any]
    ) -> dict[str, Any]:
        """Keep a message and answer it as the Bot API shows it."""
        number = self._bots.told(bot, "last_message", 0) + 1
        self._bots.tell(bot, "last_message", number)
        message = {
            "message_id": number,
            "date": int(time.time()),
            "chat": self.chat(chat_id),
            "from": sender,
            **body,
        }
        self._store.do(
            "INSERT INTO messages (bot, message_id, chat_id, mine, body) VALUES (?, ?, ?, ?, ?)",
            bot.name,
            number,
            chat_id,
            not sender["is_bot"],
            dump(message),
        )
        self._changes.touch()
        return _public(message)

    def one(self, bot: Bot, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """Answer a message that is still there, None otherwise."""
        row = self._store.row(
            "SELECT body, mine FROM messages WHERE bot = ? AND chat_id = ? AND message_id = ? AND NOT deleted",
            bot.name,
            chat_id,
            message_id,
        )
        return {"mine": bool(row["mine"]), **json.loads(row["body"])} if row else None

    def edit(
        self, bot: Bot, chat_id: int, message_id: int, changed: dict[str, Any]
    ) -> dict[str, Any]:
        """Change a bot's message. Raises Refused (400) when it is gone, a person's, or not changed at all."""
        kept = self.one(bot, chat_id, message_id)
        if kept is None:
            raise bad("message to edit not found")
        if kept.pop("mine"):
            raise bad("message can't be edited")
        after = {key: value for key, value in (kept | changed).items() if value is not None}
        if after == kept:
            raise bad(
                "message is not modified: specified new message content and reply markup "
                "are exactly the same as a current content and reply markup of the message"
            )
        after["edit_date"] = int(time.time())
        self._store.do(
            "UPDATE messages SET body = ? WHERE bot = ? AND message_id = ?",
            dump(after),
            bot.name,
            message_id,
        )
        self._changes.touch()
        return _public(after)

    def delete(self, bot: Bot, chat_id: int, message_id: int) -> None:
        """Take a message away. Raises Refused (400) when it is not there."""
        if self.one(bot, chat_id, message_id) is None:
            raise bad("message to delete not found")
        self._store.do(
            "UPDATE messages SET deleted = 1 WHERE bot = ? AND message_id = ?",
            bot.name,
            message_id,
        )
        self._changes.touch()

    def seen(self, bot: Bot, chat_id: int, *, since: int, limit: int) -> list[dict[str, Any]]:
        """Answer the last messages of a chat after number `since`, oldest first, as the phone shows them."""
        rows = self._store.rows(
            "SELECT body, mine FROM messages WHERE bot = ? AND chat_id = ? AND message_id > ? "
            "AND NOT deleted ORDER BY message_id DESC LIMIT ?",
            bot.name,
            chat_id,
            since,
            limit,
        )
        return [{"mine": bool(row["mine"]), **json.loads(row["body"])} for row in reversed(rows)]

    def keyboard(self, bot: Bot, chat_id: int) -> dict[str, Any] | None:
        """Answer the reply keyboard that stands below the chat now, if any."""
        for message in reversed(self.seen(bot, chat_id, since=0, limit=200)):
            markup = message.get("keyboard") or {}
            if message["mine"]:
                continue
            if markup.get("remove_keyboard"):
                return None
            if markup.get("keyboard"):
                later = self.seen(bot, chat_id, since=message["message_id"], limit=200)
                if markup.get("one_time_keyboard") and any(one["mine"] for one in later):
                    return None
                return dict(markup)
        return None


def _public(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only the phone knows: the Bot API shows inline keyboards, not those below the chat."""
    return {key: value for key, value in message.items() if key != "keyboard"}
