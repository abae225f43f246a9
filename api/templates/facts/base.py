"""What all facts have in common."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, PlainValidator

from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials


@lru_cache(maxsize=1024)
def _month(value: object) -> Month:
    return value if isinstance(value, Month) else Month.parse(str(value))


Amount = Annotated[int, AfterValidator(Rials)]
Period = Annotated[Month, PlainValidator(_month), PlainSerializer(str)]


class Facts(BaseModel):
    """Facts of a notice. Those of an older release may hold more than today's template asks for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Give what the holes of the wording are filled with; `today` is the day of sending."""
        return dict(self)

    def offers(self, action: str) -> bool:  # noqa: ARG002
        """Whether a button of the template belongs to what these facts tell."""
        return True


def tail(digits: str) -> str:
    """Say the last digits of a number that has more."""
    return f"*{digits.removeprefix('*')}"


def left(last_day: date, today: date | None) -> Sentence | None:
    """Say how long there is, counted from the day of sending: a held message stays true."""
    if today is None or today > last_day:
        return None
    days = (last_day - today).days
    return _n("{n} day is left.", "{n} days are left.", days) if days else _("That is today.")
