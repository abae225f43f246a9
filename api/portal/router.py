"""The doors of the pages.

Each crosses the gate once, but for two that wait for a stranger, the payment gateway: pressing pay,
and coming back from the bank. They hold no session meanwhile (design.md, "Doors that wait for
strangers"). A GET changes nothing; what a browser brings back from the bank is a hint, for which we
ask the gateway ourselves.
"""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from api.access import signin
from api.access.hub import Hub, hub_of, printer_of
from api.kit import calendar, codes
from api.kit import look as looks
from api.kit.language import Language
from api.payments import flows
from api.payments import service as payments
from api.payments.gateway import Gateway
from api.payments.pages import PayPage
from api.payments.refusals import PaymentNotFound
from api.payments.rules import PageState
from api.people import queries as people
from api.portal import checks, forms, paying, receipts
from api.portal.answering import PageRoute, reader, reading, writing
from api.portal.pages import Page, answer, headers
from api.preferences import service as preferences
from api.printing.printer import Paper
from api.records import papers

# Pages are in no client and on no OpenAPI page.
router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LOOKS = ["GET", "HEAD"]


@router.api_route("/pay/{token}", methods=_LOOKS)
async def look(request: Request, token: str) -> Response:
    """Show what a pay link pays, and where that stands."""
    hub = hub_of(request.app)
    return _pay_page(request, await _page_of(hub, token))


@router.post("/pay/{token}")
async def pay(request: Request, token: str) -> Response:
    """Open a payment at the gateway and lead there. Waits for a stranger."""
    hub = hub_of(request.app)
    gateway = _gateway(request.app)
    ours = await forms.is_ours(request, public_url=hub.settings.public_url)
    if ours and gateway is not None:
        address = await flows.begin_payment(hub, gateway, token)
        if address is not None:
            return _redirect(request, address)
    found = await _page_of(hub, token)
    if found.state not in {PageState.PAYABLE, PageState.FAILED}:
        return _pay_page(request, found)
    root = hub.settings.zarinpal_root
    if ours:
        page = paying.away(found, gateway=root)
    else:
        page = paying.pressed_elsewhere(found, gateway=root, now=hub.clock())
    return answer(page, reader(request, _language_of(found)))


@router.get("/pay/return/{secret}")
async def come_back(request: Request, secret: str) -> Response:
    """Take in somebody whom the gateway sends back. Waits for a stranger."""
    hub = hub_of(request.app)
    gateway = _gateway(request.app)
    if gateway is not None:
        brought = request.query_params
        await flows.finish_return(
            hub, gateway, secret, brought.get("Authority", ""), brought.get("Status", "")
        )
    # A page of its own: looking at it again asks no gateway.
    return _redirect(request, request.url_for("come_back_page", secret=secret).path)


@router.api_route("/pay/done/{secret}", methods=_LOOKS)
async def come_back_page(request: Request, secret: str) -> Response:
    """Show where a payment stands after the bank."""
    hub = hub_of(request.app)
    found = await reading(
        hub, lambda session, now: payments.page_of_return(session, secret=secret, now=now)
    )
    return _pay_page(request, found)


@router.api_route("/enter/{token}", methods=_LOOKS)
async def way_in(request: Request, token: str) -> Response:
    """Ask whoever opens a one-time address to confirm; opening it does not use it up."""
    name = await reading(
        hub_of(request.app), lambda session, now: signin.peek(session, token, now=now)
    )
    page = receipts.no_way_in() if name is None else receipts.way_in(request.url.path, name)
    return answer(page, reader(request))


@router.post("/enter/{token}")
async def enter(request: Request, token: str) -> Response:
    """Use a one-time address up, and sign its owner in for half an hour."""
    hub = hub_of(request.app)
    if not await forms.is_ours(request, public_url=hub.settings.public_url):
        return await way_in(request, token)
    secret = await writing(
        hub, "portal.enter", lambda session, now: signin.take(session, token, now=now)
    )
    if secret is None:
        return answer(receipts.no_way_in(), reader(request))
    entered = _redirect(request, receipts.LIST + reader(request).carry)
    entered.set_cookie(
        _cookie(hub),
        secret,
        max_age=int(signin.SESSION_LASTS.total_seconds()),
        path="/",
        secure=reader(request).secure,
        httponly=True,
        samesite="lax",
    )
    return entered


@router.api_route(receipts.LIST, methods=_LOOKS)
async def my_receipts(request: Request) -> Response:
    """List the receipts of who is signed in, and those of what they paid for a child of theirs."""
    hub = hub_of(request.app)
    secret = request.cookies.get(_cookie(hub), "")

    def ask(session: Session, now: datetime) -> tuple[Page, Language | None]:
        person_id = signin.who(session, secret, now=now)
        if person_id is None:
            return receipts.closed(), None
        found = payments.papers(session, person_id=person_id, today=calendar.today(now))
        return receipts.listing(found), _language(session, person_id)

    page, language = await reading(hub, ask)
    return answer(page, reader(request, language))


@router.get(receipts.LIST + "/{payment}.pdf")
async def my_receipt(request: Request, payment: uuid.UUID) -> Response:
    """Give a receipt that the list shows, as a paper."""
    hub = hub_of(request.app)
    secret = request.cookies.get(_cookie(hub), "")

    def ask(session: Session, now: datetime) -> tuple[Page | Paper, Language | None]:
        person_id = signin.who(session, secret, now=now)
        if person_id is None:
            return receipts.closed(), None
        language = reader(request, _language(session, person_id)).language
        kept = _paper(session, person_id, payment, now)
        payer = kept and people.by_id(session, kept.person_id)
        if not (kept and payer):
            return receipts.absent(), language
        name = f"{payer.first_name} {payer.last_name}"
        return receipts.paper(kept.receipt, name=name, language=language, now=now), language

    found, language = await reading(hub, ask)
    if isinstance(found, Page):
        return answer(found, reader(request, language))
    pdf = await printer_of(request.app).pdf(found)
    said = headers(secure=reader(request).secure)
    said["content-disposition"] = f'attachment; filename="{receipts.file_name(payment)}"'
    return Response(pdf, headers=said, media_type="application/pdf")


@router.post(receipts.LEAVE)
async def leave(request: Request) -> Response:
    """Sign out."""
    hub = hub_of(request.app)
    secret = request.cookies.get(_cookie(hub), "")
    page = receipts.closed()
    if await forms.is_ours(request, public_url=hub.settings.public_url):
        await writing(
            hub, "portal.leave", lambda session, now: signin.leave(session, secret, now=now)
        )
        # They are closed because it was asked for: nothing was refused.
        page = replace(page, status=200)
    left = answer(page, reader(request))
    left.delete_cookie(_cookie(hub), path="/", secure=reader(request).secure, httponly=True)
    return left


@router.api_route(checks.PATH + "{code}", methods=_LOOKS)
async def check(request: Request, code: str) -> Response:
    """Say whether the code of a paper is ours. Its 48 bits are not found by trying, so nobody counts."""
    parsed = codes.parse_paper_code(code[:64])
    shown = codes.grouped(parsed) if parsed else ""
    found = papers.vouched(parsed) if parsed else None
    return answer(checks.page(shown, found), reader(request))


@router.api_route("/portal/{name}", methods=_LOOKS)
async def static(request: Request, name: str) -> Response:
    """Give the style, the font or the icon of the pages."""
    if name not in looks.TYPES:
        raise HTTPException(404)
    said = headers(secure=reader(request).secure)
    said["cache-control"] = "public, max-age=86400"
    return Response(looks.file(name), headers=said, media_type=looks.TYPES[name])


async def _page_of(hub: Hub, token: str) -> PayPage:
    return await reading(hub, lambda session, now: payments.page_of(session, token=token, now=now))


def _pay_page(request: Request, found: PayPage) -> Response:
    hub = hub_of(request.app)
    page = paying.page(found, gateway=hub.settings.zarinpal_root, now=hub.clock())
    return answer(page, reader(request, _language_of(found)))


def _language_of(found: PayPage) -> Language | None:
    """The language of the chat that the link was made in; nothing is known of a link that is gone."""
    return Language(found.language) if found.language else None


def _paper(
    session: Session, person_id: uuid.UUID, payment: uuid.UUID, now: datetime
) -> payments.Kept | None:
    try:
        return payments.one_paper(
            session, person_id=person_id, payment_id=payment, today=calendar.today(now)
        )
    except PaymentNotFound:
        return None


def _language(session: Session, person_id: uuid.UUID) -> Language | None:
    return preferences.language_of(session, [person_id]).get(person_id)


def _gateway(app: FastAPI) -> Gateway | None:
    return cast("Gateway | None", app.state.gateway)


def _redirect(request: Request, address: str) -> Response:
    return RedirectResponse(address, 303, headers(secure=reader(request).secure))


def _cookie(hub: Hub) -> str:
    """The name of the cookie; its prefix makes browsers hold it to this host and to HTTPS."""
    return "__Host-receipts" if hub.settings.public_url.startswith("https://") else "receipts"
