"""What a person does with the messenger on the phone; each act becomes an update for the bot."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox.changes import Changes
from sandbox.messenger import markup
from sandbox.messenger.bots import Bot
from sandbox.messenger.chats import Chats
from sandbox.messenger.files import Files
from sandbox.messenger.methods import LONGEST_TEXT
from sandbox.messenger.updates import Updates
from sandbox.messenger.validation import Upload, units
from sandbox.people import Person
from sandbox.store import Store

GROUP = -1000  # the chat number of the one group on the desk


@dataclass(frozen=True)
class Act:
    """What came of an act: the update's number (None when the bot does not ask for such) and the message's."""

    update_id: int | None
    message_id: int | None = None

    def shown(self) -> dict[str, Any]:
        return {"update_id": self.update_id, "message_id": self.message_id}


class NothingToTap(ValueError):
    """There is no such button on that message."""


class Phones:
    """The hands of the people."""

    def __init__(
        self, store: Store, chats: Chats, files: Files, updates: Updates, changes: Changes
    ) -> None:
        self._store = store
        self._chats = chats
        self._files = files
        self._updates = updates
        self._changes = changes

    def say(self, person: Person, bot: Bot, text: str) -> list[Act]:
        """Send a text; one longer than Telegram takes leaves in pieces, as the app does it."""
        return [
            self._send(person, bot, {"text": piece, **_entities(piece)}) for piece in _pieces(text)
        ]

    def tap(self, person: Person, bot: Bot, message_id: int, data: str, *, forged: bool) -> Act:
        """Tap an inline button. Raises NothingToTap, unless `forged`: then any data goes out."""
        message = self._chats.one(bot, person.user_id, message_id)
        rows = ((message or {}).get("reply_markup") or {}).get("inline_keyboard", [])
        on_it = {button.get("callback_data") for row in rows for button in row}
        if not forged and data not in on_it:
            raise NothingToTap("no such button on that message")
        callback = str(secrets.randbits(62))
        self._store.do(
            "INSERT INTO callbacks (id, bot, chat_id, message_id) VALUES (?, ?, ?, ?)",
            callback,
            bot.name,
            person.user_id,
            message_id,
        )
        body: dict[str, Any] = {
            "id": callback,
            "from": person.user(),
            "chat_instance": str(person.user_id),
            "data": data,
        }
        if message is not None:
            hidden = ("mine", "keyboard")
            body["message"] = {key: value for key, value in message.items() if key not in hidden}
        self._unblock(person, bot)
        self._changes.touch()
        return Act(self._updates.put(bot, "callback_query", body), message_id)

    def contact(
        self,
        person: Person,
        bot: Bot,
        *,
        of: Person | None = None,
        phone: str | None = None,
        forwarded: bool = False,
    ) -> Act:
        """Share the person's own number; `of` sends the card of another, `forwarded` passes one on."""
        whose = of or person
        number = whose.phone if phone is None else phone
        card = {
            "phone_number": f"+98{number.removeprefix('0')}" if number.startswith("09") else number,
            "first_name": whose.first_name,
            "last_name": whose.last_name,
            "user_id": whose.user_id,
        }
        body: dict[str, Any] = {"contact": card}
        if forwarded:
            body["forward_origin"] = {
                "type": "user",
                "date": int(time.time()),
                "sender_user": whose.user(),
            }
        return self._send(person, bot, body)

    def location(self, person: Person, bot: Bot, latitude: float, longitude: float) -> Act:
        return self._send(person, bot, {"location": {"latitude": latitude, "longitude": longitude}})

    def file(self, person: Person, bot: Bot, upload: Upload, *, caption: str, photo: bool) -> Act:
        """Send a document or a photo. Raises Refused (400) for what Telegram would not take."""
        kept = self._files.keep(upload, photo=photo)
        body: dict[str, Any] = {"photo": [kept]} if photo else {"document": kept}
        return self._send(person, bot, body | ({"caption": caption} if caption else {}))

    def in_group(self, person: Person, bot: Bot, text: str) -> Act:
        """Write to the bot in a group where others read along."""
        body = {"text": text, **_entities(text)}
        message = self._chats.write(bot, GROUP, sender=person.user(), body=body)
        return Act(self._updates.put(bot, "message", message), message["message_id"])

    def block(self, person: Person, bot: Bot, *, blocked: bool) -> Act:
        """Block or unblock a bot; the bot is told as at Telegram, by my_chat_member."""
        if not self._chats.set_blocked(bot, person.user_id, blocked=blocked):
            return Act(None)
        member: dict[str, Any] = {"status": "member"}
        kicked: dict[str, Any] = {"status": "kicked", "until_date": 0}
        old, new = (member, kicked) if blocked else (kicked, member)
        body = {
            "chat": self._chats.chat(person.user_id),
            "from": person.user(),
            "date": int(time.time()),
            "old_chat_member": old | {"user": bot.user()},
            "new_chat_member": new | {"user": bot.user()},
        }
        return Act(self._updates.put(bot, "my_chat_member", body))

    def toasts(self, person: Person, bot: Bot) -> list[dict[str, Any]]:
        """Answer what the bot said on the last taps, and which taps still wait for their answer."""
        return [
            {
                "id": row["id"],
                "message_id": row["message_id"],
                "answered": bool(row["answered"]),
                "text": row["text"] or "",
                "alert": bool(row["alert"]),
            }
            for row in self._store.rows(
                "SELECT * FROM callbacks WHERE bot = ? AND chat_id = ? ORDER BY rowid DESC LIMIT 10",
                bot.name,
                person.user_id,
            )
        ]

    def _send(self, person: Person, bot: Bot, body: dict[str, Any]) -> Act:
        self._unblock(person, bot)
        message = self._chats.write(bot, person.user_id, sender=person.user(), body=body)
        return Act(self._updates.put(bot, "message", message), message["message_id"])

    def _unblock(self, person: Person, bot: Bot) -> None:
        # The app asks "restart the bot?" before it sends: whoever writes has unblocked.
        self.block(person, bot, blocked=False)


def _pieces(text: str) -> list[str]:
    pieces, piece, size = [], "", 0
    for letter in text:
        if size + units(letter) > LONGEST_TEXT:
            pieces.append(piece)
            piece, size = "", 0
        piece += letter
        size += units(letter)
    return [*pieces, piece]


def _entities(text: str) -> dict[str, Any]:
    found = markup.commands(text)
    return {"entities": found} if found else {}
