"""People who ask for booklets at a core on a table, with a no now and then."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.booklets.refusals import (
    NoRegisteredAddress,
    NotEntitled,
    OfferExpired,
    OfferNotFound,
    RequestOpen,
    UnknownBranch,
    UnknownMember,
)
from api.booklets.rules import Kind, LineCode, Stage
from api.booklets.schemas import BookletOut, LineOut, OfferOut, Terms
from api.client import booklets, organisation, people, requests
from api.organisation.schemas import BranchesNear, BranchNear
from api.people.rules import Relation
from api.people.schemas import Family, MemberOut
from api.requests.refusals import NotDelivered, RequestNotFound
from api.requests.schemas import RequestDetails, RequestPage, StageOut
from tests.bots.pretend import HERE
from tests.support import make

NUMBER = "4820193370"
_FEE = LineOut(
    code=LineCode.DUPLICATE_FEE,
    amount=1_731_000,
    facts={"percent": "50", "base": 3_463_656, "again": False},
)
_NOTES: dict[Stage, dict[str, Any]] = {
    Stage.FEE_DUE: {"bill": str(UUID(int=250)), "amount": 1_731_000},
    Stage.HANDED_TO_POST: {"tracking": "016790405700038450001000"},
    Stage.REJECTED: {"reason": "عکس خوانا نیست"},
}

Guard = Callable[..., Callable[..., Any]]


def a_request(stage: Stage = Stage.ISSUED, **changed: Any) -> RequestDetails:
    """A request that came to this stage through those before it."""
    usual: dict[str, Any] = {
        "number": NUMBER,
        "kind": "booklet",
        "stage": stage.value,
        "since": make.TODAY,
        "due_on": make.TODAY,
        "closed": False,
        "for_whom": None,
        "asked_on": make.TODAY,
        "stages": [
            StageOut(stage=Stage.REQUESTED.value, on=make.TODAY, note={}),
            StageOut(stage=stage.value, on=make.TODAY, note=_NOTES.get(stage, {})),
        ],
    }
    return RequestDetails(**usual | changed)


def asking(chance: random.Random, linked_only: Guard, or_no: Guard) -> dict[Any, Any]:
    """What the doors of families, booklets, branches and requests answer."""
    members = [
        MemberOut(
            id=UUID(int=600 + place),
            name="ن*** آ***",
            relation=relation,
            birth_date=None,
            is_child_under_18=relation is Relation.CHILD,
        )
        for place, relation in enumerate(Relation)
    ]

    def offer(kind: Kind, **_facts: Any) -> OfferOut:
        lines = []
        if kind is Kind.DUPLICATE:
            again = chance.random() < 0.5
            delivery = LineOut(code=LineCode.DELIVERY, amount=350_000, facts={"way": "another"})
            lines = [_FEE.model_copy(update={"facts": {**_FEE.facts, "again": again}}), delivery]
        cost = sum(line.amount for line in lines)
        return OfferOut(id=UUID(int=700 + bool(cost)), cost=cost, lines=lines, day=make.TODAY)

    def request(offer: UUID) -> BookletOut:
        stage, bill = Stage.ISSUED, None
        if offer == UUID(int=701):
            stage, bill = Stage.FEE_DUE, UUID(int=250)
        return BookletOut(number=NUMBER, stage=stage, due=make.TODAY, cost=2_081_000, bill=bill)

    def near(province: str | None = None, **_facts: Any) -> BranchesNear:
        here = BranchNear(**HERE.model_dump(), id=UUID(int=800), distance_km=0.2)
        named = here.model_copy(update={"distance_km": None})
        if province is not None:
            return BranchesNear(items=[named], provinces=[])
        return BranchesNear(
            items=chance.choice(([], [here], [named], [here])),
            provinces=chance.choice((["تهران", "یزد"], ["تهران", "یزد"], [])),
        )

    def mine() -> RequestPage:
        number = chance.choice((0, 1, 1))
        return RequestPage(items=[a_request()] * number)

    def show(number: str) -> RequestDetails:
        return a_request(
            chance.choice((Stage.FEE_DUE, Stage.DELIVERED, Stage.DELIVERED, *Stage)),
            number=number,
            for_whom=chance.choice((None, "ن*** آ***")),
        )

    def satisfied(**_facts: Any) -> None:
        return None

    against = (
        NotEntitled(month="1405-07", last=None),
        RequestOpen(number=NUMBER),
        RequestOpen(number=None),
        UnknownMember(),
        UnknownBranch(),
        NoRegisteredAddress(),
    )
    answers: dict[Any, Any] = {
        people.FAMILY: lambda: Family(items=chance.choice(([], members))),
        booklets.TERMS: lambda: Terms(
            registered_address=chance.choice((None, "تهران، خیابان آ***"))
        ),
        booklets.OFFER: or_no(offer, *against, one_in=5),
        booklets.REQUEST: or_no(
            request, OfferExpired(), RequestOpen(number=NUMBER), OfferNotFound(), one_in=4
        ),
        organisation.NEAR: near,
        requests.MINE: mine,
        requests.SHOW: or_no(show, RequestNotFound(), one_in=5),
        requests.SATISFIED: or_no(satisfied, NotDelivered(), one_in=4),
    }
    return {door: linked_only(answer) for door, answer in answers.items()}
