"""The doors of the page: look, begin, say a line, leave.

    GET  /talk/<audience>            the talk, or how to begin one; changes nothing
    GET  /talk/<audience>/paper/<n>  the paper or picture of a line, made anew for its visitor
    POST /talk/<audience>/begin      a visit begins: its secret goes into a cookie
    POST /talk/<audience>            a line is kept once, and the page is led back to
    POST /talk/<audience>/file       a file is kept, and a line that says so
    POST /talk/<audience>/leave      the visit is forgotten, its link ended

A form is ours by three signs: where the browser says it stood, a proof over the visitor and the
page's number, and the cookie, which no other site can have sent along.
"""

import asyncio
import hmac
import ipaddress
import math
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from json import dumps
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from api.client import Core, knock
from api.errors import Refusal, Unavailable
from api.kit import points
from api.kit.language import Language, Sentence, asked_for
from api.kit.sealing import Keyring
from api.kit.speech import Speech
from bots import papers
from bots.adapters import Raw
from bots.adapters.web import MESSENGER
from bots.address import Address
from bots.inbox import Update
from bots.store import Away
from bots.web import forms, pages
from bots.web.pages import View
from bots.web.rates import Rates
from bots.web.visits import LASTS_SECONDS, TooMany, Visit, Visits

PATH = "/talk"
ANSWERED_WITHIN = 4.0
"""So long a line waits for its answer before its page is shown without it, in seconds."""

_FILES_AT_ONCE = 4
"""Files are held in memory while they come; the others wait."""
_FILE_SECONDS = 60.0

_logger = structlog.get_logger("bots.web")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Doors:
    """The page of every audience that has one. `came` is told when a line was kept."""

    def __init__(
        self,
        visits: Visits,
        keys: Keyring,
        core: Core,
        *,
        audiences: Sequence[str],
        url: str,
        proxies: int,
        came: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is how people reach the page; `proxies` of ours stand before it."""
        self._visits = visits
        self._keys = keys
        self._core = core
        self._audiences = tuple(audiences)
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self._secure = url.startswith("https://")
        self._proxies = proxies
        self._came = came
        self._rates = Rates(clock)
        self._room = asyncio.Semaphore(_FILES_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        audience = "{audience:" + "|".join(self._audiences) + "}"
        page = f"{PATH}/{audience}"
        return [
            web.get(PATH + "/static/{name}", self._static),
            web.get(page, self._page(self._look)),
            web.get(page + r"/paper/{line:\d{1,18}}", self._page(self._paper)),
            web.post(page, self._page(self._say)),
            web.post(f"{page}/begin", self._page(self._begin)),
            web.post(f"{page}/file", self._page(self._send)),
            web.post(f"{page}/leave", self._page(self._leave)),
        ]

    # What each door does.

    async def _look(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        # A deep link says something: looking at it must not, so it is asked for a press.
        if visit is not None and not forms.payload(request.query.get("start", "")):
            return await self._talk(request, visit)
        there = visit is None and self._cookie(request) in request.cookies
        note = pages.LEFT if "left" in request.query else pages.CLOSED if there else None
        return self._landing(request, trouble=note)

    async def _begin(self, request: web.Request) -> web.Response:
        fields = await forms.fields_of(request)
        if fields is None or not self._is_ours(request, fields, ""):
            return self._landing(request, trouble=pages.ONCE_MORE, status=403)
        start = forms.payload(fields.get("start", ""))
        visit = await self._visit(request)
        if visit is not None and not start:
            return self._back(request)
        if visit is not None:
            await self._kept(visit, fields, {"start": start}, "")
            return self._back(request)
        secret, visit = await self._visits.begin(
            _bot(request), address=self._address(request), start=start
        )
        self._came()
        await self._answered(visit)
        begun = self._back(request)
        begun.set_cookie(
            self._cookie(request),
            secret,
            max_age=int(LASTS_SECONDS),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        return begun

    async def _say(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        if visit is None:
            return self._back(request)
        fields = await forms.fields_of(request)
        if fields is None or not self._is_ours(request, fields, visit.key):
            written = (fields or {}).get("text", "")[: pages.LONGEST]
            return await self._talk(
                request, visit, trouble=pages.ONCE_MORE, written=written, status=403
            )
        seen = await self._visits.see(visit)
        try:
            raw, shown = forms.said(fields, seen, _language(request, seen.language))
            if raw:
                await self._kept(visit, fields, raw, shown)
        except forms.Unclear as unclear:
            return await self._talk(request, visit, trouble=unclear.words, status=422)
        except TooMany:
            written = fields.get("text", "")
            return await self._talk(
                request, visit, trouble=pages.TOO_OFTEN, written=written, status=429
            )
        return self._back(request)

    async def _send(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        if visit is None:
            return self._back(request)

        async def refused(words: Sentence, status: int) -> web.Response:
            return await self._talk(request, visit, trouble=words, status=status)

        try:
            async with asyncio.timeout(_FILE_SECONDS), self._room:
                sent = await forms.file_of(
                    request, lambda fields: self._is_ours(request, fields, visit.key)
                )
                if sent is None:
                    return await refused(pages.ONCE_MORE, 403)
                known_by = await self._visits.bring(visit, sent.content)
            language = _language(request, (await self._visits.see(visit)).language)
            name, size = Speech(language).word(forms.A_FILE), len(sent.content)
            raw = {"file": {"name": name, "reference": known_by, "size": size}}
            await self._kept(visit, sent.fields, raw, name)
        except forms.Unclear as unclear:
            return await refused(unclear.words, 413)
        except (TooMany, TimeoutError):
            return await refused(pages.TOO_OFTEN, 429)
        return self._back(request)

    async def _leave(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        fields = await forms.fields_of(request)
        if visit is None or fields is None or not self._is_ours(request, fields, visit.key):
            return self._back(request)
        with suppress(Refusal, Unavailable):
            await self._unlinked(visit)
        await self._visits.end(visit)
        left = self._back(request, "?left")
        left.del_cookie(
            self._cookie(request), path="/", secure=self._secure, httponly=True, samesite="Lax"
        )
        return left

    async def _paper(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        line = int(request.match_info["line"])
        said = await self._visits.message(visit, line) if visit is not None else None
        if visit is None or said is None or said.order is None:
            raise web.HTTPNotFound
        messenger, audience = visit.bot.split(":")
        try:
            paper = await papers.fetched(
                self._core, said.order, chat=str(Address(messenger, audience, visit.key))
            )
        except Refusal:
            raise web.HTTPNotFound from None
        except Unavailable as away:
            raise web.HTTPServiceUnavailable(
                headers={"Retry-After": str(math.ceil(away.retry_after))}
            ) from None
        told = pages.headers(secure=self._secure)
        shown = "inline" if paper.is_picture else "attachment"
        told["Content-Disposition"] = f'{shown}; filename="{paper.name}"'
        told["Content-Type"] = paper.media_type
        return web.Response(body=paper.content, headers=told)

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in pages.STATIC:
            raise web.HTTPNotFound
        told = pages.headers(secure=self._secure)
        told["Cache-Control"] = "public, max-age=86400"
        told["Content-Type"] = pages.STATIC[name]
        return web.Response(body=pages.static(name), headers=told)

    # What they share.

    def _page(self, handler: Handler) -> Handler:
        """A door that answers with a page whatever happens, and not too often."""

        async def answered(request: web.Request) -> web.Response:
            if not self._rates.spend(self._address(request)):
                return self._landing(request, trouble=pages.TOO_OFTEN, status=429)
            try:
                return await handler(request)
            except TooMany:
                return self._landing(request, trouble=pages.TOO_OFTEN, status=429)
            except Away as error:
                _logger.warning("memory.away", kind=type(error).__name__)
            except web.HTTPException:
                raise
            except Exception as error:
                # The last place that can still answer.
                _logger.exception("page.fault", kind=type(error).__name__)
                return self._landing(request, trouble=pages.NOTHING_LOST, status=500)
            return self._landing(request, trouble=pages.NOTHING_LOST, status=503)

        return answered

    async def _visit(self, request: web.Request) -> Visit | None:
        secret = request.cookies.get(self._cookie(request), "")
        return await self._visits.find(_bot(request), secret[:128])

    async def _kept(self, visit: Visit, fields: Mapping[str, str], raw: Raw, shown: str) -> None:
        """Keep a line, once for the page it was sent from, and wait a while for its answer."""
        named = f"{visit.key} {fields.get('line', '')} {dumps(raw, sort_keys=True)}"
        number = int.from_bytes(self._keys.blind("web_line", named)[:8]) >> 1
        one = Update(
            number,
            visit.key,
            dumps({"update_id": number, "chat": visit.key, **raw}, ensure_ascii=False),
        )
        if await self._visits.say(visit, one, shown=shown):
            self._came()
        await self._answered(visit)

    async def _answered(self, visit: Visit) -> None:
        until, pause = time.monotonic() + ANSWERED_WITHIN, 0.02
        while time.monotonic() < until and await self._visits.is_waiting(visit):
            await asyncio.sleep(pause)
            pause = min(0.25, pause * 1.5)

    async def _unlinked(self, visit: Visit) -> None:
        """End the link that the visit had; raises Refusal, Unavailable."""
        messenger, audience = visit.bot.split(":")
        knocking = knock.Knock(
            chat=str(Address(messenger, audience, visit.key)), key=secrets.token_hex(16)
        )
        token = knock.current.set(knocking)
        try:
            with points.around("bots.core"):
                await self._core.access.unlink()
        finally:
            knock.current.reset(token)

    async def _talk(
        self,
        request: web.Request,
        visit: Visit,
        *,
        trouble: Sentence | None = None,
        written: str = "",
        status: int = 200,
    ) -> web.Response:
        seen = await self._visits.see(visit)
        view = replace(
            self._view(request, visit.key, seen.language),
            lines=seen.lines,
            waiting=seen.waiting,
            trouble=trouble,
            written=written,
        )
        return self._html(view, status)

    def _landing(
        self, request: web.Request, *, trouble: Sentence | None = None, status: int = 200
    ) -> web.Response:
        start = forms.payload(request.query.get("start", ""))
        return self._html(replace(self._view(request, ""), trouble=trouble, start=start), status)

    def _view(self, request: web.Request, key: str, language: str = "") -> View:
        line = secrets.token_urlsafe(12)
        return View(
            audience=request.match_info["audience"],
            language=_language(request, language),
            token=self._token(_bot(request), key, line),
            line=line,
        )

    def _html(self, view: View, status: int) -> web.Response:
        # A page that is told of a trouble stays as it is: what was typed stands on it.
        again = view.waiting and view.trouble is None
        return web.Response(
            text=pages.html(view),
            status=status,
            content_type="text/html",
            headers=pages.headers(secure=self._secure, language=view.language, again=again),
        )

    def _back(self, request: web.Request, query: str = "#new") -> web.Response:
        """Lead to the talk's own page: looking at it again sends nothing again."""
        asked = request.query.get("lang", "")
        carry = f"?lang={asked}" if asked in set(Language) and query[:1] != "?" else ""
        place = f"{PATH}/{request.match_info['audience']}{carry}{query}"
        told = {**pages.headers(secure=self._secure), "Location": place}
        return web.Response(status=303, headers=told)

    def _cookie(self, request: web.Request) -> str:
        """The name of the cookie; its prefix makes browsers hold it to this host and to HTTPS."""
        name = f"talk-{request.match_info['audience']}"
        return f"__Host-{name}" if self._secure else name

    def _token(self, bot: str, key: str, line: str) -> str:
        signed = self._keys.sign("web_form", f"{bot} {key} {line}".encode())
        return urlsafe_b64encode(signed[:18]).decode("ascii")

    def _is_ours(self, request: web.Request, fields: Mapping[str, str], key: str) -> bool:
        """Whether the form stood on a page that was made for this visitor."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        # Our pages send no referrer, and so browsers call their origin "null".
        origin = request.headers.get("Origin", "null")
        if site != "same-origin" or origin not in {"null", self._origin}:
            return False
        wanted = self._token(_bot(request), key, fields.get("line", ""))
        given = fields.get("form", "").encode(errors="surrogateescape")
        return hmac.compare_digest(given, wanted.encode())

    def _address(self, request: web.Request) -> str:
        """Whence the request comes: of an IPv6 address the half that one household has."""
        named = request.headers.get("X-Forwarded-For", "").split(",")
        known = self._proxies and len(named) >= self._proxies
        text = named[-self._proxies].strip() if known else request.remote or ""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return "unknown"
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, 64), strict=False))
        return str(address)


def _bot(request: web.Request) -> str:
    return f"{MESSENGER}:{request.match_info['audience']}"


def _language(request: web.Request, spoken: str = "") -> Language:
    """The language of the talk, else `?lang` of the address, else the browser's."""
    for code in (spoken, request.query.get("lang", "")):
        if code in set(Language):
            return Language(code)
    return asked_for(request.headers.get("Accept-Language", "")) or Language.FA
