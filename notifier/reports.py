"""The door of delivery reports: `/reports/<provider>/<secret>`, by GET or POST.

A report is acknowledged after its commit and never before. It carries no signature, so the secret
in the address is compared in constant time, and a report can change a status and nothing else.
"""

import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import structlog
from aiohttp import web
from pydantic import SecretStr

from api.db import Store
from api.notices import service as notices
from api.notices.service import NewReport
from notifier import crossing
from notifier.channels.mouths import KAVENEGAR
from notifier.channels.sms_http import STATES
from notifier.crossing import AWAY, Now, cross

log = structlog.get_logger("notifier.reports")

Reader = Callable[[Mapping[str, str]], NewReport | None]
"""Reads a provider's fields; None when they are no report."""

_LONGEST = 16_384
_NO_REPORT = "This is no delivery report.\n"


def kavenegar(id_field: str, status_field: str) -> Reader:
    """Read Kavenegar's report; its document does not name the fields, so settings do."""

    def read(fields: Mapping[str, str]) -> NewReport | None:
        name, status = fields.get(id_field, ""), fields.get(status_field, "")
        if not (name.isdecimal() and status.isdecimal() and len(name) <= 20):
            return None
        return NewReport(
            provider=KAVENEGAR,
            reference=None,
            provider_id=str(int(name)),
            status=status[:20],
            state=STATES.get(int(status[:9])),
            at=fields.get("date", "")[:40],
            told=urlencode(fields)[:_LONGEST],
        )

    return read


class ReportsDoor:
    """Takes reports in."""

    def __init__(
        self,
        store: Store,
        secret: SecretStr,
        readers: Mapping[str, Reader],
        *,
        now: Now = crossing.now_of,
    ) -> None:
        self._store = store
        self._secret = secret.get_secret_value().encode()
        self._readers = readers
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route(method, "/reports/{provider}/{secret}", self.take)
            for method in ("GET", "POST")
        ]

    async def take(self, request: web.Request) -> web.Response:
        """Keep a report: 204 once it is committed, 400 for no report, 503 while the store is away.

        An unknown provider and a wrong secret are answered alike.
        """
        shown = request.match_info["secret"].encode()
        right = hmac.compare_digest(shown, self._secret) and bool(self._secret)
        read = self._readers.get(request.match_info["provider"])
        if not right or read is None:
            return web.Response(status=404)
        fields = dict(request.query)
        if request.method == "POST":
            try:
                posted = await request.post()
            except (ValueError, LookupError):
                # No form, or in a charset that is none.
                return web.Response(status=400, text=_NO_REPORT)
            fields |= {name: value for name, value in posted.items() if isinstance(value, str)}
        report = read(fields)
        if report is None:
            return web.Response(status=400, text=_NO_REPORT)
        try:
            await cross(self._keep, report)
        except AWAY as error:
            log.warning("store.away", reason=type(error).__name__)
            return web.Response(status=503, headers={"Retry-After": "5"})
        return web.Response(status=204)

    def _keep(self, report: NewReport) -> None:
        with self._store.writing("notifier.report") as session:
            notices.take_reports(session, [report], now=self._now(session))
