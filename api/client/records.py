"""The insurance record of the person one acts for."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.kit.message import Paper
from api.records.schemas import RecordOut, YearDetails

MINE = Door[RecordOut]("GET", "/v1/records", RecordOut)
PICTURE = Door[Paper]("GET", "/v1/records/picture", Paper)
PAPER = Door[Paper]("GET", "/v1/records/paper", Paper)
YEAR = Door[YearDetails]("GET", "/v1/records/{year}", YearDetails)


@dataclass(frozen=True)
class Records:
    """The months on record, and where they come from."""

    knock: Knocker

    async def mine(self) -> RecordOut:
        """The record: years, total and gaps."""
        return await self.knock(MINE)

    async def picture(self) -> Paper:
        """The record drawn by year, as wide as a phone."""
        return await self.knock(PICTURE)

    async def paper(self) -> Paper:
        """The record as a PDF that anybody can have checked."""
        return await self.knock(PAPER)

    async def year(self, *, year: int) -> YearDetails:
        """A Jalali year, month by month."""
        return await self.knock(YEAR, year=year)
