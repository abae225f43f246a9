"""The sweeper asks the gateway about payments of which nobody came back to tell.

Every web process runs one; a lease in the attempt's row keeps two from asking at once. Repair has
no code of its own: it asks and settles as a return does.
"""

import asyncio
from functools import partial

import structlog

from api.access.hub import Hub
from api.errors import Unavailable
from api.payments import flows, service
from api.payments.gateway import Gateway

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
LIMIT = 20
"""As many as a gateway is asked at once."""


class Sweeper:
    """Looks after the attempts of one gateway for as long as it runs."""

    def __init__(self, hub: Hub, gateway: Gateway) -> None:
        self._hub = hub
        self._gateway = gateway

    async def run(self) -> None:
        """Sweep every five seconds until cancelled; what goes wrong is logged and tried again."""
        while True:
            try:
                while await self.sweep() == LIMIT:
                    pass
            except Unavailable as busy:
                log.warning("payments.sweep_waits", reason=busy.reason)
            except Exception:
                # A sweeper that ends would leave money unconfirmed.
                log.exception("payments.sweep_fault")
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> int:
        """Ask once about what is due, at most LIMIT, and give how many were asked about."""
        work = await self._hub.gate.cross_for_page(self._claim)
        if not work:
            return 0
        asked = [flows.verify(self._hub, self._gateway, one) for one in work]
        for done in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(done, BaseException):
                # The others are settled; this one is due again when its lease ends.
                log.warning("payments.sweep_missed", reason=type(done).__name__)
        return len(work)

    def _claim(self) -> list[service.ToVerify]:
        hub, now = self._hub, self._hub.clock()
        claim = partial(service.claim_due, gateway=self._gateway.name, limit=LIMIT, now=now)
        with hub.store.reading() as session:
            if not service.has_due(session, gateway=self._gateway.name, now=now):
                return []
        with hub.store.writing("payments.claim") as session:
            return list(claim(session))
