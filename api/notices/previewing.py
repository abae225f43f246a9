"""Dry runs: what a run would post, counted and shown, with nothing written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from api.kit.language import Language
from api.notices.posting import NewNotice
from api.preferences import service as preferences

_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One notice of a dry run, and the language its reader would get it in."""

    language: Language
    template: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would post: how many, in which languages, and the first twenty."""

    count: int
    by_language: Mapping[Language, int]
    samples: Sequence[Sample]


class Part(Protocol):
    """A slice of a run, judged and not yet written; `after` is the key to go on from, None at the end."""

    @property
    def notices(self) -> Sequence[NewNotice]: ...

    @property
    def after(self) -> str | None: ...


Reader = Callable[[Session, date, datetime, str | None, int], Part]
"""Judges the next slice of a run: (session, slot, now, after, limit)."""


def preview(session: Session, reader: Reader, *, slot: date, now: datetime, limit: int) -> Preview:
    """Count and sample the notices of a whole run, slice by slice."""
    by_language: Counter[Language] = Counter()
    samples: list[Sample] = []
    for notices in _notices(session, reader, slot, now, limit):
        languages = preferences.language_of(session, {notice.to for notice in notices})
        by_language.update(languages[notice.to] for notice in notices)
        samples += [
            Sample(languages[notice.to], notice.template, notice.facts)
            for notice in notices[: _SAMPLES - len(samples)]
        ]
        session.expunge_all()
    return Preview(by_language.total(), dict(by_language), samples)


def _notices(
    session: Session, reader: Reader, slot: date, now: datetime, limit: int
) -> Iterator[Sequence[NewNotice]]:
    after: str | None = None
    while True:
        part = reader(session, slot, now, after, limit)
        yield part.notices
        after = part.after
        if after is None:
            return
