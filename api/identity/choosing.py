"""A workplace among four: another fact, for who does not know the month they are asked for.

An insured person is asked for their last; who speaks for a workplace for another of the same
employer, for which they do not speak and whose name has no word of those they do: it stands on none
of the papers of theirs.

Three are workplaces of others from round it. Of somebody we do not know, or who has none that can
be asked for, all four are of others, and no answer is right. What is shown for a national code stays
the same for a month, so that nothing stands out by staying, and of four one guess is a lot: it is
the only one in that time.
"""

import json
import secrets
from collections.abc import Collection, Set
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api import db
from api.employers import queries as employers
from api.identity import queries, rules
from api.identity.models import Claim, WorkplaceChoice
from api.identity.refusals import NoChoice
from api.identity.rules import Question
from api.kit import calendar
from api.kit.text import key

_AROUND = 100
"""So many workplaces on either side of the right one are chosen from."""
_OF_AN_EMPLOYER = 200
"""So many workplaces of somebody's employers are looked at."""

_random = secrets.SystemRandom()


def code_index(national_code: str) -> bytes:
    """Under which index the workplaces that were shown for a national code are kept."""
    return db.keys().blind("workplace_choice", national_code)


@dataclass(frozen=True, slots=True)
class _Right:
    """What is right, and what may not stand beside it."""

    code: str | None
    own: Collection[str] = ()
    """Codes of workplaces that would be right too, or that they speak for."""
    words: Set[str] = frozenset()
    """Words that tell who it is about."""


def workplaces(session: Session, made: Claim, question: Question, *, now: datetime) -> list[str]:
    """Give the names to choose from; raises NoChoice where a guess was wrong, or there are too few."""
    index = _index(made, question)
    kept = _kept(session, index, now)
    if kept is None:
        _keep(session, index, _four(session, made, question, now), now)
        kept = _kept(session, index, now)
    if kept is None or kept.guesses >= rules.GUESSES:
        raise NoChoice
    names: list[str] = json.loads(kept.shown)["names"]
    return names


def is_right(
    session: Session, made: Claim, question: Question, place: int, *, now: datetime
) -> bool:
    """Take the guess and judge it: whether the so-manieth name, from 1, is the workplace asked for.

    Raises NoChoice where nothing was shown, or a guess was wrong before.
    """
    shown = session.scalar(
        update(WorkplaceChoice)
        .where(
            WorkplaceChoice.code_index == _index(made, question),
            WorkplaceChoice.guesses < rules.GUESSES,
            WorkplaceChoice.made_at > now - rules.MEMORY,
        )
        .values(guesses=WorkplaceChoice.guesses + 1)
        .returning(WorkplaceChoice.shown)
        .execution_options(synchronize_session=False)
    )
    if shown is None:
        raise NoChoice
    return bool(json.loads(shown)["right"] == place)


def give_back(session: Session, made: Claim, question: Question) -> None:
    """The guess was right: it does not count."""
    session.execute(
        update(WorkplaceChoice)
        .where(WorkplaceChoice.code_index == _index(made, question))
        .values(guesses=0)
        .execution_options(synchronize_session=False)
    )


def _index(made: Claim, question: Question) -> bytes:
    """Under which index the choice of a claim is kept, one for each question."""
    if made.code_index is None:
        raise NoChoice
    if question is Question.FIRST_MONTH:
        return made.code_index
    return code_index(f"{made.code_index.hex()} {question}")


def _kept(session: Session, index: bytes, now: datetime) -> WorkplaceChoice | None:
    return session.scalar(
        select(WorkplaceChoice)
        .where(
            WorkplaceChoice.code_index == index,
            WorkplaceChoice.made_at > now - rules.MEMORY,
        )
        .execution_options(populate_existing=True)
    )


def _keep(session: Session, index: bytes, four: str, now: datetime) -> None:
    """Keep what was chosen; whoever does so at the same moment, one choice stays."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    chosen = {"shown": four, "guesses": 0, "made_at": now}
    session.execute(
        insert(WorkplaceChoice)
        .values(code_index=index, **chosen)
        .on_conflict_do_update(
            index_elements=["code_index"],
            set_=chosen,
            where=WorkplaceChoice.made_at <= now - rules.MEMORY,
        )
    )


def _four(session: Session, made: Claim, question: Question, now: datetime) -> str:
    """The names in their order and which is right; the same questions to the store for anybody."""
    asked = _asked_for(session, made.person_id, question, calendar.today(now))
    code = asked.code or f"{secrets.randbelow(10**10):010d}"
    around = employers.names_around(session, code, limit=_AROUND)
    # As the registry writes it, not the record: another spelling would stand out.
    right_one = around.get(asked.code) if asked.code else None
    others = {key(name): name for code, name in around.items() if code not in asked.own}
    fitting = {kept: name for kept, name in others.items() if not asked.words & _words(name)}
    if right_one is not None:
        fitting.pop(key(right_one), None)
        if len(fitting) < rules.WORKPLACES - 1 and asked.words:
            # It would stand out, or alone.
            right_one = None
    if right_one is None:
        fitting = others
    wanted = rules.WORKPLACES if right_one is None else rules.WORKPLACES - 1
    if len(fitting) < wanted:
        raise NoChoice
    names = _random.sample(sorted(fitting.values()), wanted)
    right = None
    if right_one is not None:
        right = _random.randint(1, rules.WORKPLACES)
        names.insert(right - 1, right_one)
    return json.dumps({"names": names, "right": right}, ensure_ascii=False)


def _asked_for(session: Session, person_id: UUID | None, question: Question, today: date) -> _Right:
    """One question to the store."""
    if question is Question.FIRST_MONTH:
        last = queries.last_workplace(session, person_id)
        return _Right(last, own={last} if last else ())
    found = employers.of_the_same_employers(
        session, person_id or queries.NOBODY, today, limit=_OF_AN_EMPLOYER
    )
    words = frozenset(word for one in found if one.spoken_for for word in _words(one.name))
    right = next((one.code for one in found if one.active and not words & _words(one.name)), None)
    return _Right(right, own={one.code for one in found}, words=words)


def _words(name: str) -> Set[str]:
    return frozenset(key(word) for word in name.split())
