"""The health insurance booklet: an offer, and the request that comes of it."""

from dataclasses import dataclass
from uuid import UUID

from api.booklets.rules import Kind, Loss, Way
from api.booklets.schemas import BookletOut, OfferOut, Terms
from api.client.knock import Door, Knocker

TERMS = Door[Terms]("GET", "/v1/booklets/terms", Terms)
OFFER = Door[OfferOut]("POST", "/v1/booklets/offers", OfferOut)
REQUEST = Door[BookletOut]("POST", "/v1/booklets", BookletOut)


@dataclass(frozen=True)
class Booklets:
    """Asking for a booklet."""

    knock: Knocker

    async def terms(self) -> Terms:
        """What is known before the questions."""
        return await self.knock(TERMS)

    async def offer(
        self,
        *,
        whom: UUID | None,
        kind: Kind,
        loss: Loss | None = None,
        how: Way,
        address: str | None = None,
        postal_code: str | None = None,
        branch: UUID | None = None,
        paper: UUID | None = None,
    ) -> OfferOut:
        """What it would cost and when it would come, for oneself or a registered dependant.

        `paper` is the kept file of the police's or a court's paper.
        """
        return await self.knock(
            OFFER,
            whom=whom,
            kind=kind,
            loss=loss,
            how=how,
            address=address,
            postal_code=postal_code,
            branch=branch,
            paper=paper,
        )

    async def request(self, *, offer: UUID) -> BookletOut:
        """Take an offer; taking it again gives the same request."""
        return await self.knock(REQUEST, offer=offer)
