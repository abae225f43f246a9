"""One-time codes: how one is read, and how many a number is sent."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.identity import queries, rules
from api.identity.models import SentCode
from api.identity.refusals import CoolDown, TooManyCodes
from api.kit import calendar
from api.kit.text import ascii_digits, normalise


def read(text: str) -> str | None:
    """Read a code in any digits; None where it has another form."""
    said = ascii_digits(normalise(text)).replace(" ", "")
    right = said.isascii() and said.isdigit() and len(said) == rules.CODE_DIGITS
    return said if right else None


def count(session: Session, phone_index: bytes, now: datetime) -> None:
    """Count a code that a number is sent now; raises CoolDown, TooManyCodes."""
    day = calendar.today(now)
    sent, last = queries.codes_sent(session, phone_index, day)
    if last is not None and last > now - rules.CODE_APART:
        raise CoolDown(wait_seconds=seconds(last + rules.CODE_APART, now))
    if sent >= rules.CODES_A_DAY:
        raise TooManyCodes(wait_seconds=seconds(calendar.end_of_day(day), now))
    try:
        with session.begin_nested():
            session.add(SentCode(phone_index=phone_index, day=day, ordinal=sent + 1, sent_at=now))
    except IntegrityError:
        # Another chat asked for the same number at the same moment.
        raise CoolDown(wait_seconds=seconds(now + rules.CODE_APART, now)) from None


def seconds(until: datetime, now: datetime) -> int:
    """The whole seconds until then, at least one."""
    return max(1, int((until - now).total_seconds()))
