"""Dry runs: what a run would post, counted and shown, with nothing written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def preview(session: Session, parts: Iterable[Sequence[NewNotice]]) -> Preview:
    """Count and sample the notices of a run, handed in slice by slice."""
    by_language: Counter[Language] = Counter()
    samples: list[Sample] = []
    for notices in parts:
        languages = preferences.language_of(session, {notice.to for notice in notices})
        by_language.update(languages[notice.to] for notice in notices)
        samples += [
            Sample(languages[notice.to], notice.template, notice.facts)
            for notice in notices[: _SAMPLES - len(samples)]
        ]
        session.expunge_all()
    return Preview(by_language.total(), dict(by_language), samples)
