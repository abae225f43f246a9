"""Requests moved on by hand, until the clerk's page comes, and how satisfied people were with them."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from api.audit import service as audit
from api.booklets import service as booklets
from api.booklets.refusals import StageNotReached
from api.booklets.rules import Stage
from api.commands.troubles import CannotDo
from api.db import Store
from api.errors import Invalid
from api.kit.identifiers import BadIdentifier
from api.requests import queries, rules
from api.requests.refusals import RequestNotFound
from api.requests.rules import SATISFIED, Satisfaction

_WRONG: Mapping[str, str] = MappingProxyType({
    "tracking": (
        "What is handed to the post has its tracking number, 5 to 32 letters and digits: "
        "add --tracking."
    ),
    "reason": "Who is turned down hears why, in at most 300 letters and without a link: add --reason.",
})  # fmt: skip


def advance(
    store: Store,
    number: str,
    stage: str,
    *,
    tracking: str | None,
    reason: str | None,
    now: Callable[[], datetime],
) -> str:
    """Move a request to a stage and tell the one who asked; gives its number. Raises CannotDo."""
    if stage not in set(Stage):
        raise CannotDo(f"There is no stage {stage!r}: say one of {', '.join(Stage)}.")
    try:
        number = rules.request_number(number)
    except BadIdentifier as bad:
        raise CannotDo(
            f"{number!r} is no number of a request ({bad.reason}): it has ten digits."
        ) from None
    try:
        with store.writing("requests.advance") as session:
            at = now()
            moved = booklets.advance(
                session,
                number=number,
                stage=Stage(stage),
                tracking=tracking,
                reason=reason,
                now=at,
            )
            audit.note(
                session,
                actor="command:request",
                verb="booklets.advance",
                subject=rules.about(moved.number),
                detail={"stage": stage},
                now=at,
            )
    except RequestNotFound:
        raise CannotDo(f"There is no request {number}.") from None
    except StageNotReached as no:
        there, possible = no.params["stage"], no.params["next"]
        if not possible:
            raise CannotDo(f"Request {number} is {there}: that is its end.") from None
        raise CannotDo(
            f"Request {number} is {there}: from there it can go to {' or '.join(possible)}."
        ) from None
    except Invalid as bad_detail:
        raise CannotDo(_WRONG[bad_detail.params["field"]]) from None
    return number


def satisfaction(store: Store) -> list[str]:
    """Say how satisfied people were with what they were delivered: a line a kind, a line an answer."""
    with store.reading() as session:
        found = queries.satisfaction(session)
    told = []
    for kind in sorted({kind for kind, _, _ in found}):
        answers = Counter({said: many for one, said, many in found if one == kind})
        delivered = answers.total()
        answered = delivered - answers[None]
        satisfied = sum(answers[said] for said in SATISFIED)
        share = f"{satisfied / answered:.1%}" if answered else "nobody answered"
        told.append(f"{kind}: {share}; {satisfied} of {answered} answers, {delivered} delivered")
        told += [f"  {said}: {answers[said]}" for said in Satisfaction]
    return told
