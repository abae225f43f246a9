"""The talks of insured people with a core on a table: one transcript a path, the same on every adapter."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from api.bills.rules import State
from api.client import Core, payments
from api.client.bills import SHOW
from api.contracts.rules import State as ContractState
from api.errors import Refusal
from api.payments.refusals import (
    BillBeingChecked,
    BillClosed,
    CreditRefunded,
    NothingToPay,
    PayingUnavailable,
)
from api.payments.rules import CreditState
from api.records.schemas import RecordOut, TotalOut, YearOut
from bots.dialogues import collected
from tests.bots import insured
from tests.bots.insured import Insured, a_bill, a_contract, a_credit, a_fee
from tests.bots.pretend import CHILDREN, PretendKnocker, core_on
from tests.bots.transcripts import play

PATHS = sorted((Path(__file__).parent / "people").glob("*.txt"))
DIALOGUES = collected()


class Wire(PretendKnocker):
    """The pretended wire, with whom it is about."""

    person: Insured


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written(path: Path):
    await play(path, dialogues=DIALOGUES, core=_core, audience="people", also=_ALSO)


def _core(_messenger: str = "") -> tuple[Core, Any]:
    wire = Wire(grants=[])
    wire.person = Insured()
    wire.answers |= wire.person.answers() | insured.meeting(wire, CHILDREN)
    return core_on(wire), wire


def _has(**known: Any) -> Callable[[Wire], None]:
    """The core knows this of the person."""
    return lambda wire: vars(wire.person).update(known)


def _says_no(door: Any, no: Refusal) -> Callable[[Wire], None]:
    """A door says no from here."""

    def refused(**_facts: Any) -> Any:
        raise no

    return lambda wire: wire.answers.update({door: refused})


def _shows(**changed: Any) -> Callable[[Wire], None]:
    """The newest bill is done with: in no list any more, and shown so."""

    def done(wire: Wire) -> None:
        wire.person.bills = []
        wire.answers[SHOW] = lambda bill: insured.explained(a_bill(1, id=bill, **changed))

    return done


# Lines of these transcripts alone: what the core knows of the person.
_ALSO: Mapping[str, Callable[[Any], None]] = MappingProxyType({
    "unlinked": lambda wire: setattr(wire, "linked", False),
    "children": lambda wire: setattr(wire, "grants", list(CHILDREN)),
    "one bill": _has(bills=[a_bill(1)]),
    "pending": _has(bills=[a_bill(1, pending=True)]),
    "all kinds": _has(bills=[a_bill(3, pending=True), a_bill(2), a_bill(1), a_fee()]),
    "nothing": _has(
        bills=[],
        contracts=[
            a_contract(1, lapses_on=None),
            a_contract(2, state=ContractState.LAPSED),
            a_contract(3, state=ContractState.ENDED),
            a_contract(4, paid_until=None),
        ],
    ),
    "several contracts": _has(
        contracts=[a_contract(1), a_contract(2, remind_day=5), a_contract(3, state=ContractState.ENDED)]
    ),
    "paid meanwhile": _says_no(payments.LINK, NothingToPay()),
    "checked meanwhile": _says_no(payments.LINK, BillBeingChecked()),
    "closed meanwhile": _says_no(payments.LINK, BillClosed()),
    "no gateway": _says_no(payments.LINK, PayingUnavailable()),
    "settled": _shows(state=State.SETTLED),
    "cancelled": _shows(state=State.CANCELLED),
    "being confirmed": _shows(pending=True),
    "still open": _shows(),
    "no record": _has(
        record=RecordOut(
            years=[],
            total=TotalOut(years=0, months=0, days=0, all_days=0),
            last_month=None,
            gaps=[],
        )
    ),
    "twenty years": _has(
        record=insured.a_record().model_copy(
            update={
                "years": [
                    YearOut(year=year, days=[30] * 12, total=360) for year in range(1386, 1406)
                ]
            }
        )
    ),
    "asked back": _has(credits=[a_credit(state=CreditState.REFUND_ASKED)]),
    "given back": _has(credits=[a_credit(state=CreditState.REFUNDED)]),
    "given back meanwhile": lambda wire: (
        _has(credits=[a_credit()])(wire),
        _says_no(payments.REFUND, CreditRefunded())(wire),
    )[0],
    "no receipts": _has(payments=[], credits=[]),
})  # fmt: skip
