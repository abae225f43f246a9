"""What each method of the Bot API does here, once its call has been found well formed."""

import time
from collections.abc import Callable
from typing import Any

from sandbox.messenger import markup
from sandbox.messenger.bots import Bot, Bots
from sandbox.messenger.chats import Chats
from sandbox.messenger.files import Files
from sandbox.messenger.refusals import bad
from sandbox.messenger.updates import Updates
from sandbox.messenger.validation import Upload, units
from sandbox.store import Store

LONGEST_TEXT = 4096  # UTF-16 units after parsing; core.telegram.org/bots/api#sendmessage
LONGEST_CAPTION = 1024
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
TYPING_SHOWS = 5  # seconds
SECRET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

Parameters = dict[str, Any]


class Methods:
    """The methods but getUpdates, which waits and lives with the updates."""

    def __init__(
        self, store: Store, bots: Bots, chats: Chats, files: Files, updates: Updates
    ) -> None:
        self._store = store
        self._bots = bots
        self._chats = chats
        self._files = files
        self._updates = updates
        self._typing: dict[tuple[str, int], float] = {}
        self._all: dict[str, Callable[[Bot, Parameters], Any]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendDocument": lambda bot, given: self._send_file(bot, given, "document"),
            "sendPhoto": lambda bot, given: self._send_file(bot, given, "photo"),
            "sendLocation": self._send_location,
            "sendVenue": self._send_venue,
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete_message,
            "answerCallbackQuery": self._answer_callback,
            "sendChatAction": self._chat_action,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._delete_commands,
            "setMyDescription": lambda bot, given: self._set_words(bot, given, "description"),
            "getMyDescription": lambda bot, given: self._get_words(bot, given, "description"),
            "setMyShortDescription": lambda bot, given: self._set_words(
                bot, given, "short_description"
            ),
            "getMyShortDescription": lambda bot, given: self._get_words(
                bot, given, "short_description"
            ),
            "getFile": lambda _, given: self._files.to_fetch(given["file_id"]),
            "getChat": self._get_chat,
        }

    def call(self, bot: Bot, method: str, given: Parameters) -> Any:
        """Do a well-formed call and answer its result. Raises Refused."""
        return self._all[method](bot, given)

    def is_typing(self, bot: Bot, chat_id: int) -> bool:
        return self._typing.get((bot.name, chat_id), 0) > time.monotonic()

    def commands(self, bot: Bot, language: str) -> list[dict[str, str]]:
        """Answer the command menu a person with this language sees in a private chat."""
        kept = self._bots.told(bot, "commands", {})
        for scope in ("all_private_chats", "default"):
            for code in (language, ""):
                if found := kept.get(f"{scope}:{code}"):
                    return list(found)
        return []

    def words(self, bot: Bot, kind: str, language: str) -> str:
        kept = self._bots.told(bot, kind, {})
        return str(kept.get(language) or kept.get("", ""))

    def _get_me(self, bot: Bot, _: Parameters) -> Any:
        return bot.user() | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def _set_webhook(self, bot: Bot, given: Parameters) -> bool:
        url = given["url"]
        if given.get("drop_pending_updates"):
            self._updates.drop(bot)
        if not url:
            return self._delete_webhook(bot, {})
        # Telegram takes https on four ports only; on a desk the address is on the same machine.
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if not SECRET.issuperset(given.get("secret_token", "")):
            raise bad("secret token contains unallowed characters")
        if "allowed_updates" in given:
            self._bots.tell(bot, "allowed_updates", given["allowed_updates"])
        self._bots.tell(
            bot,
            "webhook",
            {
                "url": url,
                "secret_token": given.get("secret_token", ""),
                "max_connections": given.get("max_connections", 40),
            },
        )
        self._updates.deliver(bot)
        return True

    def _delete_webhook(self, bot: Bot, given: Parameters) -> bool:
        if given.get("drop_pending_updates"):
            self._updates.drop(bot)
        self._bots.forget(bot, "webhook")
        self._updates.deliver(bot)
        return True

    def _webhook_info(self, bot: Bot, _: Parameters) -> Any:
        hook = self._bots.told(bot, "webhook") or {"url": ""}
        return {key: value for key, value in hook.items() if key != "secret_token"} | {
            "has_custom_certificate": False,
            "pending_update_count": self._updates.pending(bot),
            "allowed_updates": self._bots.told(bot, "allowed_updates") or [],
        }

    def _send_message(self, bot: Bot, given: Parameters) -> Any:
        return self._write(bot, given, _worded(given, "text", LONGEST_TEXT))

    def _send_file(self, bot: Bot, given: Parameters, kind: str) -> Any:
        self._chats.to_write_to(bot, given["chat_id"])
        content = given[kind]
        if isinstance(content, Upload):
            file = self._files.keep(content, photo=kind == "photo")
        else:
            file = self._files.shown(content)
            if ("width" in file) != (kind == "photo"):
                raise bad(f"type of file mismatch: the file is no {kind}")
        body: dict[str, Any] = {kind: [file] if kind == "photo" else file}
        if given.get("caption"):
            body |= _worded(given, "caption", LONGEST_CAPTION)
        return self._write(bot, given, body)

    def _send_location(self, bot: Bot, given: Parameters) -> Any:
        return self._write(bot, given, {"location": _location(given)})

    def _send_venue(self, bot: Bot, given: Parameters) -> Any:
        if not (given["title"].strip() and given["address"].strip()):
            raise bad("a venue has a title and an address")
        location = _location(given)
        keys = (
            "title",
            "address",
            "foursquare_id",
            "foursquare_type",
            "google_place_id",
            "google_place_type",
        )
        venue = {"location": location} | {key: given[key] for key in keys if key in given}
        # As at Telegram a venue shows its place in both.
        return self._write(bot, given, {"location": location, "venue": venue})

    def _write(self, bot: Bot, given: Parameters, body: dict[str, Any]) -> Any:
        chat_id = self._chats.to_write_to(bot, given["chat_id"])
        keyboard = given.get("reply_markup") or {}
        if "inline_keyboard" in keyboard:
            body["reply_markup"] = keyboard
        elif keyboard:
            if chat_id < 0 and any(
                button.get("request_contact") or button.get("request_location")
                for row in keyboard.get("keyboard", [])
                for button in row
            ):
                raise bad("phone number can be requested in private chats only")
            body["keyboard"] = keyboard
        reply = given.get("reply_parameters") or {}
        if number := reply.get("message_id", given.get("reply_to_message_id")):
            original = self._chats.one(bot, chat_id, number)
            if original is not None:
                keys = ("message_id", "date", "chat", "from", "text")
                body["reply_to_message"] = {k: original[k] for k in keys if k in original}
            elif not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
        self._typing.pop((bot.name, chat_id), None)
        return self._chats.write(bot, chat_id, sender=bot.user(), body=body)

    def _edit_text(self, bot: Bot, given: Parameters) -> Any:
        chat_id, number = self._message_named(bot, given)
        if "text" not in given:
            raise bad('parameter "text" is required')
        # What is not given is taken away: an edit without a keyboard removes it.
        fresh: dict[str, Any] = {"entities": None, "reply_markup": given.get("reply_markup")}
        old = self._chats.one(bot, chat_id, number)
        if old is not None and "text" not in old:
            raise bad("there is no text in the message to edit")
        return self._chats.edit(bot, chat_id, number, fresh | _worded(given, "text", LONGEST_TEXT))

    def _edit_markup(self, bot: Bot, given: Parameters) -> Any:
        chat_id, number = self._message_named(bot, given)
        return self._chats.edit(bot, chat_id, number, {"reply_markup": given.get("reply_markup")})

    def _message_named(self, bot: Bot, given: Parameters) -> tuple[int, int]:
        if "chat_id" not in given or "message_id" not in given:
            raise bad("message identifier is not specified")
        return self._chats.to_write_to(bot, given["chat_id"]), given["message_id"]

    def _delete_message(self, bot: Bot, given: Parameters) -> bool:
        chat_id = self._chats.to_write_to(bot, given["chat_id"])
        self._chats.delete(bot, chat_id, given["message_id"])
        return True

    def _answer_callback(self, bot: Bot, given: Parameters) -> bool:
        answered = self._store.changed(
            "UPDATE callbacks SET answered = 1, text = ?, alert = ? "
            "WHERE id = ? AND bot = ? AND NOT answered",
            given.get("text"),
            given.get("show_alert", False),
            given["callback_query_id"],
            bot.name,
        )
        if not answered:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        return True

    def _chat_action(self, bot: Bot, given: Parameters) -> bool:
        if given["action"] not in ACTIONS:
            raise bad("wrong parameter action in request")
        chat_id = self._chats.to_write_to(bot, given["chat_id"])
        self._typing[bot.name, chat_id] = time.monotonic() + TYPING_SHOWS
        return True

    def _set_commands(self, bot: Bot, given: Parameters) -> bool:
        for one in given["commands"]:
            name = one["command"].removeprefix("/")
            if not (name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()):
                raise bad("BOT_COMMAND_INVALID")
        if len(given["commands"]) > 100:
            raise bad("too many commands specified")
        kept = self._bots.told(bot, "commands", {})
        self._bots.tell(bot, "commands", kept | {_scope(given): given["commands"]})
        return True

    def _get_commands(self, bot: Bot, given: Parameters) -> Any:
        return self._bots.told(bot, "commands", {}).get(_scope(given), [])

    def _delete_commands(self, bot: Bot, given: Parameters) -> bool:
        kept = self._bots.told(bot, "commands", {})
        kept.pop(_scope(given), None)
        self._bots.tell(bot, "commands", kept)
        return True

    def _set_words(self, bot: Bot, given: Parameters, kind: str) -> bool:
        kept = self._bots.told(bot, kind, {})
        language = given.get("language_code", "")
        self._bots.tell(bot, kind, kept | {language: given.get(kind, "")})
        return True

    def _get_words(self, bot: Bot, given: Parameters, kind: str) -> Any:
        return {kind: self.words(bot, kind, given.get("language_code", ""))}

    def _get_chat(self, bot: Bot, given: Parameters) -> Any:
        chat_id = self._chats.to_write_to(bot, given["chat_id"])
        return self._chats.chat(chat_id) | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False,
                "limited_gifts": False,
                "unique_gifts": False,
                "premium_subscription": False,
                "gifts_from_channels": False,
            },
        }


def _location(given: Parameters) -> dict[str, Any]:
    """Answer the place of a call. Raises Refused (400) where it is none on this earth."""
    if not (-90 <= given["latitude"] <= 90 and -180 <= given["longitude"] <= 180):
        raise bad("wrong latitude or longitude")
    keys = ("latitude", "longitude", "horizontal_accuracy", "live_period", "heading")
    return {key: given[key] for key in keys if key in given}


def _worded(given: Parameters, name: str, most: int) -> dict[str, Any]:
    """Answer text (or caption) and entities of a call. Raises Refused (400): empty, too long, bad marks."""
    text, entities = markup.parse(given[name], given.get("parse_mode"))
    named = "entities" if name == "text" else "caption_entities"
    entities = entities or given.get(named, [])
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    if any(
        one["length"] < 1 or one["offset"] < 0 or one["offset"] + one["length"] > units(text)
        for one in entities
    ):
        raise bad("can't parse entities: an entity stands outside the text")
    return {name: text} | ({named: entities} if entities else {})


def _scope(given: Parameters) -> str:
    scope = given.get("scope") or {"type": "default"}
    place = "".join(f":{scope[key]}" for key in ("chat_id", "user_id") if key in scope)
    return f"{scope['type']}{place}:{given.get('language_code', '')}"
