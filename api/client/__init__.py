"""The typed client: how the bots knock at the core.

One small class a feature, composed in `Core`. Each method is one door; what it returns was checked
against the feature's own schema, and what it raises is the feature's own refusal, or Unavailable.
"""

from types import TracebackType
from typing import Self

from api.access import refusals as access_refusals
from api.bills import refusals as bills_refusals
from api.booklets import refusals as booklets_refusals
from api.client.access import Access
from api.client.bills import Bills
from api.client.booklets import Booklets
from api.client.contracts import Contracts
from api.client.debts import Debts
from api.client.files import Files
from api.client.identity import Identity
from api.client.knock import Knocker
from api.client.notices import Notices
from api.client.organisation import Organisation
from api.client.payments import Payments
from api.client.people import People
from api.client.preferences import Preferences
from api.client.records import Records
from api.client.requests import Requests
from api.contracts import refusals as contracts_refusals
from api.debts import refusals as debts_refusals
from api.files import refusals as files_refusals
from api.identity import refusals as identity_refusals
from api.notices import refusals as notices_refusals
from api.organisation import refusals as organisation_refusals
from api.payments import refusals as payments_refusals
from api.requests import refusals as requests_refusals

__all__ = ["Core"]

REFUSALS = (
    access_refusals,
    bills_refusals,
    booklets_refusals,
    contracts_refusals,
    debts_refusals,
    files_refusals,
    identity_refusals,
    notices_refusals,
    organisation_refusals,
    payments_refusals,
    requests_refusals,
)
"""Where refusals live: a class must have been imported to be raised again."""


class Core:
    """The core, behind its doors. Close it, or use it as an asynchronous context."""

    def __init__(self, url: str, key: str, *, timeout_seconds: float = 10.0) -> None:
        self._knocker = Knocker(url, key, timeout_seconds=timeout_seconds)
        self.access = Access(self._knocker)
        self.bills = Bills(self._knocker)
        self.booklets = Booklets(self._knocker)
        self.contracts = Contracts(self._knocker)
        self.debts = Debts(self._knocker)
        self.files = Files(self._knocker)
        self.identity = Identity(self._knocker)
        self.notices = Notices(self._knocker)
        self.organisation = Organisation(self._knocker)
        self.payments = Payments(self._knocker)
        self.people = People(self._knocker)
        self.preferences = Preferences(self._knocker)
        self.records = Records(self._knocker)
        self.requests = Requests(self._knocker)
        self.wait_until = self._knocker.wait_until
        """Until when a messenger wants silence from a bot, by (messenger, audience); kept current."""

    @property
    def is_away(self) -> bool:
        """Whether the last knock found nobody who could answer; true before the first."""
        return self._knocker.is_away

    async def is_ready(self) -> bool:
        """Whether the core says, within two seconds, that it is there and has its store."""
        return await self._knocker.is_ready()

    async def close(self) -> None:
        """Close the connections."""
        await self._knocker.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
