"""The payer's side: the page at `/pg/StartPay/<authority>`, and the way back to the merchant."""

import asyncio
from pathlib import Path

import aiohttp
import jinja2
from aiohttp import web
from yarl import URL

from sandbox.bank.vault import (
    CARD,
    WITHOUT_MONEY,
    AlreadyDecided,
    Deed,
    NoSuchPayment,
    Payment,
    State,
    Vault,
)
from sandbox.bank.words import WORDS, figure
from sandbox.witness import Witness

LONGEST_SLOWNESS = 300  # seconds
USUAL_SLOWNESS = 8  # seconds
YEAR = 365 * 24 * 3600  # seconds


def way_back(payment: Payment) -> str:
    """The address a payer's browser is sent to; what it says proves nothing."""
    status = "NOK" if payment.state in WITHOUT_MONEY.values() else "OK"
    return str(
        URL(payment.callback).update_query({"Authority": payment.authority, "Status": status})
    )


class Page:
    """The bank's page. It needs no script, and a GET changes nothing."""

    def __init__(self, vault: Vault, witness: Witness) -> None:
        self._vault = vault
        self._witness = witness
        self._errands: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None
        self._template = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ).get_template("pay.html")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/pg/StartPay/{authority}", self._show),
            web.post("/pg/StartPay/{authority}", self._decide),
        ]

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def stop(self) -> None:
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        if self._http:
            await self._http.close()

    async def _show(self, request: web.Request) -> web.Response:
        payment = self._payment(request)
        if payment is None:
            return self._page(request, None, status=404)
        return self._page(request, payment)

    async def _decide(self, request: web.Request) -> web.Response:
        payment = self._payment(request)
        if payment is None:
            return self._page(request, None, status=404)
        form = await request.post()
        try:
            deed = Deed(str(form.get("deed", "")))
            paid = int(str(form.get("paid", ""))) if deed is Deed.OTHER else None
            seconds = min(int(str(form.get("seconds") or USUAL_SLOWNESS)), LONGEST_SLOWNESS)
        except ValueError:
            return self._page(request, payment, status=422, trouble="wrong")
        if paid is not None and not 0 < paid < 10**15:
            return self._page(request, payment, status=422, trouble="wrong")
        if deed is Deed.SLOW:
            await asyncio.sleep(max(0, seconds))
        try:
            payment = self._vault.decide(payment.authority, deed, paid=paid)
        except AlreadyDecided:
            return self._page(request, self._payment(request), status=409)
        if deed is Deed.VANISH:
            return self._page(request, payment, vanished=True)
        back = way_back(payment)
        if deed is Deed.TWICE:
            errand = asyncio.create_task(self.come_back(payment))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        # Not HTTPSeeOther raised: the address is the merchant's own, to the letter.
        return web.Response(status=303, headers={"Location": back})

    async def come_back(self, payment: Payment) -> None:
        """Knock at the merchant's return as a browser would, and note what came of it."""
        if self._http is None:
            return
        try:
            async with self._http.get(way_back(payment), allow_redirects=False) as answer:
                said: int | str = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            said = type(error).__name__
        self._witness.add(
            "bank", "return", accepted=True, address=payment.authority, result={"answer": said}
        )

    def _payment(self, request: web.Request) -> Payment | None:
        try:
            return self._vault.one(request.match_info["authority"])
        except NoSuchPayment:
            return None

    def _page(
        self,
        request: web.Request,
        payment: Payment | None,
        *,
        status: int = 200,
        vanished: bool = False,
        trouble: str = "",
    ) -> web.Response:
        language = _language(request)
        words = WORDS[language]
        text = self._template.render(
            language=language,
            other="en" if language == "fa" else "fa",
            direction="rtl" if language == "fa" else "ltr",
            words=words,
            payment=payment,
            rials=words["rials"].format(n=figure(payment.amount, language)) if payment else "",
            toman=words["toman"].format(n=figure(payment.amount // 10, language))
            if payment
            else "",
            card=CARD,
            waits=payment is not None and payment.state is State.WAITING,
            back=way_back(payment) if payment else "",
            seconds=USUAL_SLOWNESS,
            vanished=vanished,
            trouble=words[trouble] if trouble else "",
        )
        # A browser also holds the redirect after a form to this policy.
        merchant = f" {URL(payment.callback).origin()}" if payment else ""
        policy = (
            "default-src 'self'; img-src 'self' data:; script-src 'none'; object-src 'none'; "
            f"base-uri 'none'; frame-ancestors 'none'; form-action 'self'{merchant}"
        )
        answer = web.Response(
            text=text,
            status=status,
            content_type="text/html",
            headers={
                "Content-Security-Policy": policy,
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
            },
        )
        answer.set_cookie("desk_language", language, max_age=YEAR, samesite="Lax")
        return answer


def _language(request: web.Request) -> str:
    """What was asked for, else what the desk speaks, else what the browser reads first."""
    asked = request.query.get("lang") or request.cookies.get("desk_language", "")
    if asked in WORDS:
        return asked
    return "en" if request.headers.get("Accept-Language", "").startswith("en") else "fa"
