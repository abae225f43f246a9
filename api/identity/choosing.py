"""One's last workplace among four: another fact, for who does not know the first month.

Three are workplaces of others from round it. Of somebody we do not know, or who was at none that is
registered, all four are of others, and no answer is right. What is shown for a national code stays the same for
a month, so that nothing stands out by staying, and of four one guess is a lot: it is the only one
in that time.
"""

import json
import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api import db
from api.employers import queries as employers
from api.identity import queries, rules
from api.identity.models import Claim, WorkplaceChoice
from api.identity.refusals import NoChoice
from api.kit.text import key

_AROUND = 100
"""So many workplaces on either side of one's own are chosen from."""

_random = secrets.SystemRandom()


def code_index(national_code: str) -> bytes:
    """Under which index the workplaces that were shown for a national code are kept."""
    return db.keys().blind("workplace_choice", national_code)


def workplaces(session: Session, made: Claim, *, now: datetime) -> list[str]:
    """Give the names to choose from; raises NoChoice where a guess was wrong, or there are too few."""
    kept = _kept(session, made, now)
    if kept is None:
        _keep(session, made, now)
        kept = _kept(session, made, now)
    if kept is None or kept.guesses >= rules.GUESSES:
        raise NoChoice
    names: list[str] = json.loads(kept.shown)["names"]
    return names


def is_right(session: Session, made: Claim, place: int, *, now: datetime) -> bool:
    """Take the guess and judge it: whether the so-manieth name, from 1, is the last workplace.

    Raises NoChoice where nothing was shown, or a guess was wrong before.
    """
    shown = session.scalar(
        update(WorkplaceChoice)
        .where(
            WorkplaceChoice.code_index == made.code_index,
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


def give_back(session: Session, made: Claim) -> None:
    """The guess was right: it does not count."""
    session.execute(
        update(WorkplaceChoice)
        .where(WorkplaceChoice.code_index == made.code_index)
        .values(guesses=0)
        .execution_options(synchronize_session=False)
    )


def _kept(session: Session, made: Claim, now: datetime) -> WorkplaceChoice | None:
    return session.scalar(
        select(WorkplaceChoice)
        .where(
            WorkplaceChoice.code_index == made.code_index,
            WorkplaceChoice.made_at > now - rules.MEMORY,
        )
        .execution_options(populate_existing=True)
    )


def _keep(session: Session, made: Claim, now: datetime) -> None:
    """Choose four and keep them; whoever does so at the same moment, one choice stays."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    chosen = {"shown": _four(session, made), "guesses": 0, "made_at": now}
    session.execute(
        insert(WorkplaceChoice)
        .values(code_index=made.code_index, **chosen)
        .on_conflict_do_update(
            index_elements=["code_index"],
            set_=chosen,
            where=WorkplaceChoice.made_at <= now - rules.MEMORY,
        )
    )


def _four(session: Session, made: Claim) -> str:
    """The names in their order and which is right; the same questions to the store for anybody."""
    last = queries.last_workplace(session, made.person_id)
    code = last or f"{secrets.randbelow(10**10):010d}"
    around = employers.names_around(session, code, limit=_AROUND)
    # As the registry writes it, not the record: another spelling would stand out.
    own = around.pop(last) if last else None
    others = {key(name): name for name in around.values()}
    if own is not None:
        others.pop(key(own), None)
    wanted = rules.WORKPLACES if own is None else rules.WORKPLACES - 1
    if len(others) < wanted:
        raise NoChoice
    names = _random.sample(sorted(others.values()), wanted)
    right = None
    if own is not None:
        right = _random.randint(1, rules.WORKPLACES)
        names.insert(right - 1, own)
    return json.dumps({"names": names, "right": right}, ensure_ascii=False)
