"""How a page is answered: one crossing of the gate, errors as pages, every door counted."""

import math
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter, Histogram
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from api.access.answers import unavailability
from api.access.hub import Hub, hub_of
from api.errors import Unavailable
from api.kit.language import Language, _, asked_for
from api.kit.text import Code
from api.portal.pages import Page, Reader, answer

log = structlog.get_logger(__name__)

Found = TypeVar("Found")

_ANSWERED = Counter("portal_pages", "Pages answered.", ["page", "status"])
_SECONDS = Histogram("portal_page_seconds", "From the request to the page.", ["page"])

_PLACES = ("/pay/", "/enter/", "/my/", "/check/", "/portal/")


def is_page(path: str) -> bool:
    """Whether a browser stands at this path, and wants a page whatever happens."""
    return path.startswith(_PLACES)


def reader(request: Request, language: Language | None = None) -> Reader:
    """For whom to word: `?lang` of the address, else what is known of them or of their browser.

    Persian where nothing is known.
    """
    asked = _spoken(request.query_params.get("lang", ""))
    of_browser = asked_for(request.headers.get("accept-language", ""))
    return Reader(
        language=asked or language or of_browser or Language.FA,
        carry="" if asked is None else f"?lang={asked}",
        secure=hub_of(request.app).settings.public_url.startswith("https://"),
    )


def _spoken(code: str) -> Language | None:
    return next((language for language in Language if language.value == code), None)


async def reading(hub: Hub, ask: Callable[[Session, datetime], Found]) -> Found:
    """Ask the store something, in one crossing of the gate, in the line of the pages."""

    def crossing() -> Found:
        with hub.store.reading() as session:
            return ask(session, hub.clock())

    return await hub.gate.cross_for_page(crossing)


async def writing(hub: Hub, point: str, do: Callable[[Session, datetime], Found]) -> Found:
    """Do something in the store and commit it, in one crossing of the gate, as `reading`."""

    def crossing() -> Found:
        with hub.store.writing(point) as session:
            return do(session, hub.clock())

    return await hub.gate.cross_for_page(crossing)


class PageRoute(APIRoute):
    """A route that answers whatever is raised with a page."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()
        name = self.name

        async def answered(request: Request) -> Response:
            began = time.perf_counter()
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - the last place that can still answer.
                response = of_exception(request, error)
            _SECONDS.labels(name).observe(time.perf_counter() - began)
            _ANSWERED.labels(name, response.status_code).inc()
            return response

        return answered


def of_exception(request: Request, error: Exception) -> Response:
    """Answer with a page what no page has foreseen."""
    return answer(_unforeseen(request, error), reader(request))


def _unforeseen(request: Request, error: Exception) -> Page:
    if isinstance(error, (HTTPException, RequestValidationError)):
        return Page(
            _("There is no page at this address"),
            [_("Go back to the chat and tap its button again.")],
            sign="care",
            status=error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND,
        )
    away = error if isinstance(error, Unavailable) else unavailability(error)
    route = getattr(request.scope.get("route"), "name", "")
    if away is not None:
        log.warning("page.unavailable", page=route, reason=away.reason)
        return Page(
            _("This page cannot be shown right now"),
            [_("Nothing is lost. Wait a minute and open it again.")],
            sign="wait",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"retry-after": str(math.ceil(away.retry_after))},
        )
    event = uuid.uuid4().hex
    log.error("page.fault", page=route, event_id=event, exc_info=error)
    return Page(
        _("This page cannot be shown"),
        [_("The fault is ours and has been noted. Nothing is lost.")],
        figures=[(_("Number of this fault"), Code(event[:8]))],
        sign="care",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
