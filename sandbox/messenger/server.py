"""The door the bots knock at: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import json
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.faults import AT_THE_DOOR, Fault, Faults, Kind, Service
from sandbox.messenger import dialects, validation
from sandbox.messenger.bots import Bot, Bots
from sandbox.messenger.files import Files
from sandbox.messenger.methods import Methods
from sandbox.messenger.refusals import Refused, bad, too_many
from sandbox.messenger.updates import Updates
from sandbox.messenger.validation import Upload
from sandbox.witness import Witness

# Questions that change nothing would drown the log.
UNLOGGED = frozenset({"getUpdates", "getMe", "getWebhookInfo", "getFile", "getChat"})
WRITES = frozenset({
    "sendMessage", "sendDocument", "sendPhoto", "sendLocation", "sendVenue", "editMessageText",
})  # fmt: skip


class Server:
    """Answers every call as the Bot API does, or misbehaves as told."""

    def __init__(
        self,
        *,
        bots: Bots,
        methods: Methods,
        updates: Updates,
        files: Files,
        faults_: Faults,
        witness: Witness,
    ) -> None:
        self._bots = bots
        self._methods = methods
        self._updates = updates
        self._files = files
        self._faults = faults_
        self._witness = witness

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/bot{token:[^/]+}/{method}", self._call),
            web.get("/file/bot{token:[^/]+}/{path:.+}", self._file),
        ]

    async def _call(self, request: web.Request) -> web.Response:
        bot = self._bots.of_token(request.match_info["token"])
        if bot is None:
            return _answer(Refused(401, "Unauthorized"))
        method = validation.methods().get(request.match_info["method"].lower())
        if method is None:
            return _answer(Refused(404, "Not Found"))
        raw: dict[str, Any] = {}
        try:
            raw, uploads = await _read(request)
            dialects.check(bot.messenger, method, raw)
            chat = str(raw.get("chat_id", ""))
            met = self._faults.take(Service.TELEGRAM, *AT_THE_DOOR, call=method, address=chat)
            await faults.slowness(met)
            if faults.first(met, Kind.DROP_BEFORE):
                return faults.hang_up(request)
            _refuse_as_told(met)
            if method in WRITES:
                self._keep_to_the_limit(bot, chat)
            result = await self._do(bot, method, validation.read(method, raw, uploads))
        except Refused as reason:
            refused = dialects.refusal(bot.messenger, reason)
            self._note(bot, method, raw, accepted=False, result=refused.answer())
            return _answer(refused)
        self._note(bot, method, raw, accepted=True, result=result)
        if faults.first(met, Kind.DROP_AFTER):
            return faults.hang_up(request)
        return web.json_response({"ok": True, "result": result})

    def _keep_to_the_limit(self, bot: Bot, chat: str) -> None:
        if seconds := self._faults.seconds_to_wait(bot.name, chat):
            raise too_many(seconds)

    async def _do(self, bot: Bot, method: str, given: dict[str, Any]) -> Any:
        if method != "getUpdates":
            return self._methods.call(bot, method, given)
        return await self._updates.get(
            bot,
            offset=given.get("offset", 0),
            limit=given.get("limit", 100),
            timeout_s=given.get("timeout", 0),
            allowed=given.get("allowed_updates"),
        )

    def _note(
        self, bot: Bot, method: str, raw: dict[str, Any], *, accepted: bool, result: Any
    ) -> None:
        if accepted and method in UNLOGGED:
            return
        number = result.get("message_id", "") if isinstance(result, dict) else ""
        said = raw.get("text") or raw.get("caption") or ""
        if accepted and isinstance(result, dict):
            said = result.get("text") or result.get("caption") or said
        self._witness.add(
            "telegram",
            method,
            accepted=accepted,
            address=f"{bot.name}:{raw.get('chat_id', '')}",
            text=str(said),
            reference=str(number or raw.get("callback_query_id") or raw.get("message_id") or ""),
            result=result if not accepted else {"ok": True},
        )

    async def _file(self, request: web.Request) -> web.Response:
        bot = self._bots.of_token(request.match_info["token"])
        found = self._files.by_path(request.match_info["path"])
        if bot is None or found is None:
            return _answer(Refused(404, "Not Found"))
        return web.Response(body=found[0], content_type=found[1])


def _refuse_as_told(met: list[Fault]) -> None:
    if error := faults.first(met, Kind.ERROR):
        raise Refused(error.status, "Bad Gateway: told to fail")
    if flood := faults.first(met, Kind.FLOOD):
        raise too_many(flood.retry_after)


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Answer the parameters wherever they stand: query, JSON, form, multipart. Raises Refused (400)."""
    raw: dict[str, Any] = dict(request.query)
    if not request.can_read_body:
        return raw, {}
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except (ValueError, UnicodeDecodeError):
            body = None
        if not isinstance(body, dict):
            raise bad("can't parse JSON object")
        return raw | body, {}
    files: dict[str, Upload] = {}
    try:
        form = await request.post()
    except (ValueError, UnicodeDecodeError) as error:
        raise bad("can't parse the form") from error
    for name, value in form.items():
        if isinstance(value, web.FileField):
            upload = Upload(value.file.read())
            upload.name, upload.mime = value.filename, value.content_type
            files[name] = upload
        else:
            raw[name] = value
    return raw, files


def _answer(refused: Refused) -> web.Response:
    headers = {}
    if refused.parameters and "retry_after" in refused.parameters:
        headers["Retry-After"] = str(refused.parameters["retry_after"])
    return web.json_response(
        refused.answer(), status=refused.code, headers=headers, dumps=json.dumps
    )
