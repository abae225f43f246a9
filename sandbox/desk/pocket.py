"""What a person does with the phone: people, chat, SMS and mail, as JSON."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.desk.asking import Asked, wrong
from sandbox.desk.world import World
from sandbox.messenger.phones import GROUP, NothingToTap
from sandbox.messenger.refusals import Refused
from sandbox.messenger.validation import Upload
from sandbox.people import Person
from sandbox.phone_company.server import MOBILE

SHOWN = 200  # messages of a chat at once
LINE = "10001420"  # the organisation's short number


class Pocket:
    """The doors of a person's own things."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/desk/people", self._people),
            web.get("/desk/bots", self._bots),
            web.get("/desk/messages", self._messages),
            web.post("/desk/say", self._say),
            web.post("/desk/tap", self._tap),
            web.post("/desk/contact", self._contact),
            web.post("/desk/location", self._location),
            web.post("/desk/file", self._file),
            web.get("/desk/file/{file_id}", self._kept_file),
            web.post("/desk/group", self._group),
            web.post("/desk/block", self._block),
            web.post("/desk/update", self._raw),
            web.get("/desk/sms", self._sms),
            web.post("/desk/sms", self._send_sms),
            web.post("/desk/ring", self._ring),
            web.get("/desk/mail", self._mail),
            web.get("/desk/mail/{id}/page", self._mail_page),
        ]

    async def _people(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        limit = asked.number("limit", 50)
        found = self._world.people.find(
            asked.text("q", ""), kind=asked.text("kind", ""), limit=limit
        )
        items = self._items()
        shown = [one.shown() | {"items": items(one)} for one in found]
        return _json({"people": shown, "of": len(self._world.people)})

    def _items(self) -> Callable[[Person], dict[str, int]]:
        """Answer a function that counts what came to a person's phone by each way."""
        ways = (
            (
                "chat",
                "SELECT chat_id AS whose, count(*) AS n FROM messages WHERE NOT mine GROUP BY 1",
            ),
            ("sms", "SELECT receptor AS whose, count(*) AS n FROM sms GROUP BY 1"),
            ("mail", "SELECT address AS whose, count(*) AS n FROM mail GROUP BY 1"),
        )
        counts = {
            way: {row["whose"]: row["n"] for row in self._world.store.rows(sql)}
            for way, sql in ways
        }
        return lambda person: {
            "chat": counts["chat"].get(person.user_id, 0),
            "sms": counts["sms"].get(person.phone, 0),
            "mail": counts["mail"].get(person.email, 0),
        }

    async def _bots(self, _: web.Request) -> web.Response:
        shown = [
            {
                "name": bot.name,
                "audience": bot.audience,
                "messenger": bot.messenger,
                "username": bot.username,
                "description": self._world.methods.words(bot, "description", "fa"),
                "waiting_updates": self._world.updates.pending(bot),
            }
            for bot in self._world.bots
        ]
        return _json({"bots": shown})

    async def _messages(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        person, bot = asked.person(), asked.bot()
        chat = GROUP if asked.yes("group") else person.user_id
        chats, language = self._world.chats, person.language
        return _json(
            {
                "messages": chats.seen(
                    bot, chat, since=asked.number("since", 0), limit=asked.number("limit", SHOWN)
                ),
                "keyboard": chats.keyboard(bot, chat),
                "commands": self._world.methods.commands(bot, language),
                "description": self._world.methods.words(bot, "description", language),
                "typing": self._world.methods.is_typing(bot, chat),
                "blocked": chats.is_blocked(bot, person.user_id),
                "taps": self._world.phones.toasts(person, bot),
            }
        )

    async def _say(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        acts = self._world.phones.say(asked.person(), asked.bot(), asked.text("text"))
        return _json({**acts[-1].shown(), "pieces": len(acts)})

    async def _tap(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        try:
            act = self._world.phones.tap(
                asked.person(),
                asked.bot(),
                asked.number("message_id"),
                asked.text("data"),
                forged=asked.yes("forged"),
            )
        except NothingToTap as error:
            raise wrong(str(error), status=409) from None
        return _json(act.shown())

    async def _contact(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        person, of = asked.person(), asked.maybe_person("of")
        phone = asked.text("phone", "") or None
        if not (phone or (of or person).phone):
            raise wrong("this person has no phone number to share")
        act = self._world.phones.contact(
            person, asked.bot(), of=of, phone=phone, forwarded=asked.yes("forwarded")
        )
        return _json(act.shown())

    async def _location(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        latitude, longitude = asked.decimal("latitude"), asked.decimal("longitude")
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise wrong("latitude, longitude: not on this earth")
        act = self._world.phones.location(asked.person(), asked.bot(), latitude, longitude)
        return _json(act.shown())

    async def _file(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        try:
            act = self._world.phones.file(
                asked.person(),
                asked.bot(),
                _upload(asked.all()),
                caption=asked.text("caption", ""),
                photo=asked.yes("photo"),
            )
        except Refused as refused:
            raise wrong(refused.description) from None
        return _json(act.shown())

    async def _kept_file(self, request: web.Request) -> web.Response:
        try:
            path = self._world.files.path_of(request.match_info["file_id"])
        except Refused:
            raise wrong("there is no such file", status=404) from None
        data, mime, name = self._world.files.by_path(path) or (b"", "", "")
        picture = mime in ("image/png", "image/jpeg")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if not picture:
            # What strangers sent is saved, never opened in the desk's own page.
            ascii_name = "".join(
                c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name
            )
            headers["Content-Disposition"] = f'attachment; filename="{ascii_name}"'
        kind = mime if picture else "application/octet-stream"
        return web.Response(body=data, content_type=kind, headers=headers)

    async def _group(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        act = self._world.phones.in_group(asked.person(), asked.bot(), asked.text("text"))
        return _json(act.shown())

    async def _block(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        act = self._world.phones.block(
            asked.person(), asked.bot(), blocked=asked.yes("blocked", default=True)
        )
        return _json(act.shown())

    async def _raw(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        update = asked.all().get("update")
        if not isinstance(update, dict):
            raise wrong("update: a JSON object is needed; it goes out as it stands")
        return _json({"update_id": self._world.updates.put_raw(asked.bot(), update)})

    async def _sms(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        phone = _phone(asked)
        since = asked.number("since", 0)
        inbox = self._world.network.inbox(phone, since=since) if phone else []
        return _json({"sms": inbox, "outcome": self._world.network.chosen(phone), "phone": phone})

    async def _send_sms(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        phone = _phone(asked)
        if not phone:
            raise wrong("this person has no phone")
        return _json(
            await self._world.network.write_in(
                phone=phone, receiver=asked.text("to", LINE), message=asked.text("text")
            )
        )

    async def _ring(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        phone = _phone(asked)
        if not phone:
            raise wrong("this person has no phone")
        return _json(await self._world.network.ring(phone=phone))

    async def _mail(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        address = asked.text("address", "") or asked.person().email
        since = asked.number("since", 0)
        inbox = self._world.mailbox.inbox(address, since=since) if address else []
        return _json({"mail": inbox, "address": address})

    async def _mail_page(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        page = self._world.mailbox.page(int(number)) if number.isdecimal() else None
        if page is None:
            raise wrong("there is no such mail", status=404)
        # A mail is a stranger's page: no script, no request to anywhere, not even from the desk's frame.
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        return web.Response(
            text=page, content_type="text/html", headers={"Content-Security-Policy": policy}
        )


def _phone(asked: Asked) -> str:
    given = asked.text("phone", "")
    if not given:
        return asked.person().phone
    found = MOBILE.fullmatch(given)
    if not found:
        raise wrong("phone: a mobile number is needed, as 09…")
    return f"0{found[1]}"


def _upload(fields: dict[str, Any]) -> Upload:
    """Read a file from a form part `file`, or from `name` and `content` (base64) in JSON."""
    part = fields.get("file")
    if isinstance(part, web.FileField):
        upload = Upload(part.file.read())
        upload.name, upload.mime = part.filename, part.content_type
        return upload
    try:
        upload = Upload(base64.b64decode(str(fields["content"]), validate=True))
    except (KeyError, binascii.Error):
        raise wrong("file: a form part, or name and content (base64) are needed") from None
    upload.name = str(fields.get("name", "file"))
    upload.mime = str(fields.get("mime", "application/octet-stream"))
    return upload


def _json(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, dumps=lambda value: json.dumps(value, ensure_ascii=False))
