"""The organisation: its day, its services, its branches."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.organisation.schemas import Branches, BranchesNear, BranchOut, Services, Today

TODAY = Door[Today]("GET", "/v1/organisation/today", Today)
SERVICES = Door[Services]("GET", "/v1/organisation/services", Services)
BRANCH = Door[BranchOut]("GET", "/v1/organisation/branch", BranchOut)
BRANCHES = Door[Branches]("GET", "/v1/organisation/branches", Branches)
NEAR = Door[BranchesNear]("GET", "/v1/organisation/branches/near", BranchesNear)


@dataclass(frozen=True)
class Organisation:
    """Day, services, branches."""

    knock: Knocker

    async def today(self) -> Today:
        """Tehran's day, by the core's clock."""
        return await self.knock(TODAY)

    async def services(self) -> Services:
        """The services with a word about them today: in trial, or off and why."""
        return await self.knock(SERVICES)

    async def branch(self) -> BranchOut:
        """The branch that keeps the file of the workplace one acts for."""
        return await self.knock(BRANCH)

    async def branches(self, *, city: str) -> Branches:
        """The branches of a city."""
        return await self.knock(BRANCHES, city=city)

    async def near(
        self,
        *,
        latitude: float | None = None,
        longitude: float | None = None,
        place: str | None = None,
        province: str | None = None,
        service: str | None = None,
    ) -> BranchesNear:
        """The branches near a pin, of a town or of a province, that offer a service today."""
        return await self.knock(
            NEAR,
            latitude=latitude,
            longitude=longitude,
            place=place,
            province=province,
            service=service,
        )
