"""Random histories of bills, payers and a bank, in any order that can be: no rial is ever lost.

The bank's own book is the witness. At every moment what the ledger holds was kept by the bank; when
all questions are answered, what was settled and what is a credit come to what the bank keeps.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from api import events
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import State
from api.db import Store
from api.errors import Refusal
from api.ledger import service as ledger
from api.ledger.models import Transfer
from api.ledger.rules import Kind
from api.payments import service
from api.payments.attempts import ToVerify
from api.payments.events import BillsSettled
from api.payments.gateway import Asked, Outcome, Unknown
from api.payments.models import AttemptBill, Credit, PaymentAttempt
from api.payments.rules import AttemptState, CreditState
from tests.support import luck, make, paying

WAITS = st.sampled_from([1, 10, 31, 31, 46, 46, 61, 300, 1200, 1801, 7200, 86_401])
ASKED = st.sampled_from(["comes"] * 5 + ["none"])
ANSWERS = st.sampled_from(["comes", "comes", "comes", "lost", "none"])
DIES = st.sampled_from([False] * 4 + [True])


class Histories(RuleBasedStateMachine):
    """Two people, their bills, and everything that can happen to a payment."""

    store: Store

    bills = Bundle("bills")
    secrets = Bundle("secrets")
    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.store.bind.engine.connect()
        self.undone = self.connection.begin()
        self.here = Store(self.connection)
        self.bank = paying.Bank()
        self.now = make.NOW
        self.told: list[uuid.UUID] = []
        self.tokens: list[str] = []
        self.carried = dict.fromkeys(range(2), 0)
        self.authorities: dict[str, str] = {}
        events.connect({BillsSettled: [lambda _session, told: self.told.extend(told.bill_ids)]})
        with self.here.writing("arrange") as session:
            self.people = [paying.payer(session), paying.payer(session)]

    def teardown(self) -> None:
        """Let the bank answer everything, compare the books, and undo it all."""
        try:
            self.every_question_is_answered()
        finally:
            self.undone.rollback()
            self.connection.close()
            events.connect({})

    @initialize(target=bills)
    def some_months_are_billed(self) -> Any:
        return multiple(*(self._issue(who, 4_250_321) for who in (0, 0, 1)))

    @rule(
        target=bills,
        who=st.integers(0, 1),
        assessed=st.one_of(st.integers(1, 999), st.integers(1_000, 9_000_000)),
    )
    def month_is_billed(self, who: int, assessed: int) -> Any:
        made = self._issue(who, assessed)
        return multiple() if made is None else made

    @rule(bill=bills, lapses=st.sampled_from([False, False, True]))
    def bill_may_be_closed(self, bill: tuple[int, uuid.UUID], *, lapses: bool) -> None:
        if not lapses:
            return
        with self.here.writing("cancel") as session:
            bills.cancel(session, [bill[1]], self.now)

    @rule(
        target=secrets,
        wanted=st.lists(bills, min_size=1, max_size=3, unique=True),
        charged=st.sampled_from(["ours", "ours", "ours", "another", "nothing"]),
        back=st.sampled_from(["OK", "OK", "NOK", "never"]),
        answer=ANSWERS,
        dies=DIES,
    )
    def payer_takes_a_link_to_the_bank(
        self,
        wanted: list[tuple[int, uuid.UUID]],
        *,
        charged: str,
        back: str,
        answer: str,
        dies: bool,
    ) -> Any:
        token = self._link(wanted)
        if token is None:
            return multiple()
        secret = self._go(token, "comes", dies=False)
        if charged != "nothing":
            amount = 1_000 if charged == "another" else None
            self.bank.pay(self.authorities[secret], self.now, amount=amount)
        if back != "never":
            self._come_back(secret, back, answer, dies=dies)
        return secret

    @rule(
        target=secrets,
        bill=bills,
        answers=st.tuples(ANSWERS, ANSWERS),
        backs=st.permutations([0, 1]),
        dies=DIES,
    )
    def two_payers_pay_one_bill(
        self,
        bill: tuple[int, uuid.UUID],
        *,
        answers: tuple[str, str],
        backs: list[int],
        dies: bool,
    ) -> Any:
        tokens = [token for _ in backs if (token := self._link([bill])) is not None]
        secrets = [self._go(token, "comes", dies=False) for token in tokens]
        for secret in secrets:
            self.bank.pay(self.authorities[secret], self.now)
        if len(secrets) == len(backs):
            for one in backs:
                self._come_back(secrets[one], "OK", answers[one], dies=dies)
        return multiple(*secrets)

    @rule(target=secrets, which=st.integers(0, 9), answer=ASKED, dies=DIES)
    def payer_takes_an_old_link(self, which: int, answer: str, *, dies: bool) -> Any:
        if not self.tokens:
            return multiple()
        return self._go(self.tokens[which % len(self.tokens)], answer, dies=dies)

    @rule(secret=secrets, amount=st.sampled_from([None] * 5 + [1_000]))
    def card_is_charged(self, secret: str, amount: int | None) -> None:
        self.bank.pay(self.authorities[secret], self.now, amount=amount)

    @rule(
        target=answers,
        secret=secrets,
        status=st.sampled_from(["OK", "OK", "NOK", ""]),
        answer=ANSWERS,
        dies=DIES,
    )
    def payer_comes_back(self, secret: str, status: str, answer: str, *, dies: bool) -> Any:
        return self._come_back(secret, status, answer, dies=dies)

    @rule(secret=secrets, other=secrets, invented=st.text(max_size=40))
    def strangers_bring_what_is_not_theirs(self, secret: str, other: str, invented: str) -> None:
        assert self._returned(invented, self.authorities[secret], "OK") is None
        assert self._returned(secret, invented, "OK") is None
        if secret != other:
            assert self._returned(secret, self.authorities[other], "OK") is None

    @rule(target=answers, answer=ANSWERS, limit=st.integers(1, 3), dies=DIES)
    def sweeper_asks(self, answer: str, limit: int, *, dies: bool) -> Any:
        return multiple(*(self._ask(one, answer, dies=dies) for one in self._claim(limit)))

    @rule(answered=answers)
    def old_answer_comes_again(self, answered: tuple[ToVerify, Outcome]) -> None:
        self._take_in(*answered)

    @rule(seconds=WAITS)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.bank.give_back(self.now)

    @rule(is_paid_out=st.booleans())
    def credits_are_asked_back(self, *, is_paid_out: bool) -> None:
        with self.here.writing("refund") as session:
            for credit in session.scalars(select(Credit)).all():
                if credit.state is CreditState.OPEN:
                    service.ask_refund(
                        session,
                        person_id=credit.person_id,
                        credit_id=credit.id,
                        actor="person:x",
                        now=self.now,
                    )
                elif is_paid_out:
                    service.refunded(session, credit_id=credit.id, actor="command:x", now=self.now)

    @invariant()
    def books_agree(self) -> None:
        with self.here.reading() as session:
            balance = Counter[Kind]()
            for debit, credit_kind, amount in session.execute(
                select(Transfer.debit_kind, Transfer.credit_kind, func.sum(Transfer.amount))
                .group_by(Transfer.debit_kind, Transfer.credit_kind)
            ):  # fmt: skip
                balance[debit] += int(amount)
                balance[credit_kind] -= int(amount)
            every = session.scalars(select(Bill)).all()
            settled = [bill for bill in every if bill.state is State.SETTLED]
            owed = sum(bill.amount for bill in every if bill.state is State.OPEN)
            credits_ = session.scalars(select(Credit)).all()
            left = sum(one.amount for one in credits_)
            given = sum(one.amount for one in credits_ if one.state is CreditState.REFUNDED)
            spent_on_bills = sum(bill.amount for bill in settled)
            assert balance[Kind.BANK] == spent_on_bills + left <= self.bank.kept
            assert -balance[Kind.UNAPPLIED] == left - given
            assert -balance[Kind.REFUNDS] == given
            assert balance[Kind.PAYER] == owed + sum(self.carried.values())
            assert sorted(self.told) == sorted(bill.id for bill in settled)
            spent = session.scalars(select(AttemptBill).where(AttemptBill.settled)).all()
            assert sorted(one.bill_id for one in spent) == sorted(bill.id for bill in settled)
            for attempt in session.scalars(
                select(PaymentAttempt).where(PaymentAttempt.state == AttemptState.VERIFIED)
            ):
                money = self.bank.book[attempt.authority or ""]
                assert money.kept
                assert (money.paid, money.reference) == (attempt.amount, attempt.reference)

    def every_question_is_answered(self) -> None:
        """Sweep until nothing is left to ask, with a bank that answers."""
        for _ in range(200):
            self.now += timedelta(minutes=61)
            for one in self._claim(20):
                self._ask(one, "comes", dies=False)
            with self.here.reading() as session:
                if not service.has_due(
                    session, gateway=self.bank.name, now=self.now + timedelta(days=9)
                ):
                    break
        else:
            pytest.fail("an attempt waits for ever")
        self.books_agree()
        with self.here.reading() as session:
            assert ledger.balance(session, Kind.BANK) == self.bank.kept
            states = set(session.scalars(select(PaymentAttempt.state)))
        assert states <= {AttemptState.VERIFIED, AttemptState.FAILED, AttemptState.EXPIRED}

    def _issue(self, who: int, assessed: int) -> Any:
        row = paying.new_bill(self.people[who].person, assessed=assessed, brought=self.carried[who])
        with self.here.writing("issue") as session:
            issued = bills.issue(session, [row], self.now)
            made = bills.of_about(session, [row.about])
        self.carried[who] = row.carried
        assert issued == len(made) == (1 if row.amount else 0)
        return (who, made[0].id) if made else None

    def _link(self, wanted: list[tuple[int, uuid.UUID]]) -> str | None:
        who = self.people[wanted[0][0]]
        try:
            with self.here.writing("link") as session:
                chosen = [session.get_one(Bill, bill_id) for _, bill_id in wanted]
                token = paying.token(session, who, chosen, now=self.now)
        except Refusal:
            return None
        self.tokens.append(token)
        return token

    def _go(self, token: str, answer: str, *, dies: bool) -> Any:
        with self.here.writing("begin") as session:
            begun = service.begin(session, token=token, gateway=self.bank.name, now=self.now)
        if begun is None or dies:
            return multiple()
        authority = f"A{uuid.uuid4().hex}"
        said = Asked(authority, "") if answer == "comes" else Unknown("timeout")
        with self.here.writing("asked") as session:
            service.asked(session, attempt_id=begun.attempt_id, answer=said, now=self.now)
        if isinstance(said, Unknown):
            return multiple()
        self.bank.book[authority] = paying.Money(begun.amount, begun.secret)
        self.authorities[begun.secret] = authority
        return begun.secret

    def _come_back(self, secret: str, status: str, answer: str, *, dies: bool) -> Any:
        work = self._returned(secret, self.authorities[secret], status)
        return multiple() if work is None else self._ask(work, answer, dies=dies)

    def _returned(self, secret: str, authority: str, status: str) -> ToVerify | None:
        with self.here.writing("returned") as session:
            return service.returned(
                session, secret=secret, authority=authority, status=status, now=self.now
            )

    def _claim(self, limit: int) -> Sequence[ToVerify]:
        with self.here.writing("claim") as session:
            return service.claim_due(session, gateway=self.bank.name, limit=limit, now=self.now)

    def _ask(self, work: ToVerify, answer: str, *, dies: bool) -> tuple[ToVerify, Outcome]:
        outcome: Outcome = Unknown("timeout")
        if answer != "none":
            outcome = self.bank.answer(work.amount, work.authority)
        if answer == "lost":
            outcome = Unknown("lost")
        if not dies:
            self._take_in(work, outcome)
        return work, outcome

    def _take_in(self, work: ToVerify, outcome: Outcome) -> None:
        with self.here.writing("settle") as session:
            service.settle(
                session,
                attempt_id=work.attempt_id,
                lease=work.lease,
                outcome=outcome,
                now=self.now,
            )


def run(store: Store, tell: Any, *, histories: int, steps: int, part: int = 0) -> None:
    """Play so many histories, and tell the seed by which they can be played again."""
    number = luck.seed() + part
    tell("told", f"{histories} payment histories on {store.dialect}, seed {number}")
    machine = type("Histories", (Histories,), {"store": Store(store.bind.engine)})
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_rial_is_lost_in_random_histories(store, record_property):
    run(store, record_property, histories=25, steps=30)


@pytest.mark.faults
@pytest.mark.parametrize("part", range(10))
def test_no_rial_is_lost_in_ten_thousand_histories(part, store, record_property):
    # In parts: a search remembers what it has tried, and every core may play one.
    run(store, record_property, histories=1_000, steps=40, part=part)
