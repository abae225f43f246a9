"""Claims of the postman: taken, opened in a transaction, and worded when its session is closed.

What spoils a claim is looked for by halves and put aside, so that it costs the others little
(guarantees.md, G9).
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog

from api.db import Store
from api.kit.calendar import today
from api.kit.message import Message
from api.notices import service as notices
from api.notices.service import Claim, Letter, Work
from api.templates import render
from notifier.crossing import AWAY, Now
from notifier.rounds import Prepared, Round

log = structlog.get_logger("notifier.claims")


class Claims:
    """What is due, and what may leave of it; plain `def`, each transaction short."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now

    def due(self) -> Collection[str]:
        """Name the channels that have something to claim; reads alone."""
        with self._store.reading() as session:
            return notices.with_due(session, now=self._now(session))

    def take(self, one: Round, places: int, *, sure: bool) -> tuple[Sequence[Prepared], Work]:
        """Claim, open the attempts, and word the letters; gives what came of looking at the claim.

        `sure` that something is due, or it is looked at first.
        """
        if not sure and one.name not in self.due():
            return [], Work()
        with self._store.writing("notifier.claim") as session:
            claim = notices.claim(session, channel=one.name, places=places, now=self._now(session))
        if claim is None:
            return [], Work()
        opened = self._opened(one, claim)
        prepared = [
            Prepared(letter, _worded(letter), at) for work, at in opened for letter in work.letters
        ]
        return prepared, _together([work for work, _ in opened], len(claim.ids))

    def _opened(self, one: Round, claim: Claim) -> Sequence[tuple[Work, float]]:
        """Open a claim, in parts where something spoils it; what spoils it is parked alone."""
        opened: list[tuple[Work, float]] = []
        parts = [claim]
        while parts:
            part = parts.pop()
            try:
                opened.append(self._open(one, part))
            except AWAY as error:
                if not opened:
                    raise
                # What is open already leaves; the rest is due again when its lease ends.
                log.warning("store.away", channel=one.name, reason=type(error).__name__)
                break
            except Exception:
                half = len(part.ids) // 2
                if half:
                    log.warning("claim.fault", channel=one.name, count=len(part.ids))
                    parts += [replace(part, ids=ids) for ids in (part.ids[half:], part.ids[:half])]
                else:
                    log.exception("delivery.fault", channel=one.name, delivery=str(part.ids[0]))
                    self._park(one, part)
        return opened

    def _open(self, one: Round, claim: Claim) -> tuple[Work, float]:
        """Open the attempts of a claim, and say on the loop's own clock since when they are true."""
        with self._store.writing("notifier.attempts") as session:
            now = self._now(session)
            # Asked of the store first: on SQLite that waits for the lock, and what is read then is fresh.
            at = time.monotonic()
            work = notices.open_attempts(
                session,
                claim,
                channel=one.name,
                per_second={name: mouth.per_second for name, mouth in one.mouths.items()},
                asks=one.asks,
                now=now,
                pauses=one.pauses,
            )
        return work, at

    def _park(self, one: Round, claim: Claim) -> None:
        try:
            with self._store.writing("notifier.park") as session:
                notices.park(session, claim, now=self._now(session))
        except AWAY as error:
            # It is found again when its lease ends.
            log.warning("store.away", channel=one.name, reason=type(error).__name__)


def _together(works: Sequence[Work], looked_at: int) -> Work:
    if len(works) == 1 and works[0].looked_at == looked_at:
        return works[0]
    return Work(
        letters=tuple(letter for work in works for letter in work.letters),
        questions=tuple(question for work in works for question in work.questions),
        looked_at=looked_at,
        limited=sum(work.limited for work in works),
        handed_over=any(work.handed_over for work in works),
        waits={name: seconds for work in works for name, seconds in work.waits.items()},
    )


def _worded(letter: Letter) -> Message | None:
    try:
        return render.message(
            letter.template,
            letter.facts,
            language=letter.language,
            channel=letter.channel,
            code=letter.code,
            secret=letter.secret,
            today=today(letter.opened_at),
        )
    except Exception:
        # One broken template must not stop the others.
        log.exception("template.fault", template=letter.template)
        return None
