"""The words of the organisation, and which of two availabilities counts."""

from enum import StrEnum


class BranchKind(StrEnum):
    BRANCH = "branch"
    AGENCY_OFFICE = "agency_office"


class AvailabilityState(StrEnum):
    """Whether a service is offered: to all, to try out, or not (with a reason)."""

    ACTIVE = "active"
    PILOT = "pilot"
    OFF = "off"
