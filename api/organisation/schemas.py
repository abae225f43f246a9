"""What passes through the doors of the organisation."""

import uuid
from datetime import date

from pydantic import BaseModel

from api.organisation.rules import AvailabilityState


class Today(BaseModel):
    """Tehran's day, by the core's clock."""

    day: date


class BranchOut(BaseModel):
    """Where a branch is and when it is open."""

    code: str
    kind: str
    name: str
    province: str
    city: str
    address: str
    phone: str
    hours: str
    latitude: float | None
    longitude: float | None


class Branches(BaseModel):
    """Branches of a city."""

    items: list[BranchOut]


class BranchNear(BranchOut):
    """A branch to go to; `distance_km` as the crow flies, where one said where one is."""

    id: uuid.UUID
    distance_km: float | None


class BranchesNear(BaseModel):
    """The branches to choose from; where none is near, the provinces that have some."""

    items: list[BranchNear]
    provinces: list[str]


class ServiceOut(BaseModel):
    """A service that is not simply open to all; those that are not listed are."""

    service: str
    state: AvailabilityState
    reason: str


class Services(BaseModel):
    """The services with a word about them, on a day."""

    day: date
    items: list[ServiceOut]
