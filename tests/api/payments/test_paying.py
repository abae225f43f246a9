"""Paying from the link to the receipt, and everything strangers can bring in between."""

import uuid
from datetime import timedelta

import pytest

from api.audit.models import Entry
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.refusals import BillNotFound
from api.bills.rules import State
from api.kit.language import Language
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.payments import flows, rules, service
from api.payments.gateway import Asked, Unknown
from api.payments.models import AttemptBill, Credit, PaymentAttempt
from api.payments.refusals import BillBeingChecked, BillClosed, NothingToPay
from api.payments.rules import AttemptState, CreditReason, PageState
from api.templates.facts.payments import PaymentFacts
from tests.api.payments.town import Town
from tests.support import make, paying


@pytest.fixture
def bill(town: Town) -> Bill:
    return town.owe()


async def test_payment_settles_the_bills_and_tells_the_payer(town, heard):
    with town.store.writing("arrange") as session:
        wanted = [
            paying.bill(session, town.who.person, period=one) for one in ("1405-07", "1405-08")
        ]
    token = town.link(*wanted)
    before = town.page(token)
    assert (before.state, before.amount, before.seconds_left) == (
        PageState.PAYABLE, 8_500_000, 1200,
    )  # fmt: skip
    assert before.masked_name == "م*** آ***"
    authority = await town.go(token)
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    after = town.page(token)
    assert (after.state, after.amount, len(after.items)) == (PageState.PAID, 8_500_000, 2)
    assert after.reference == town.bank.book[authority].reference
    assert town.page_back(authority) == after
    assert town.bank.kept == town.balance(Kind.BANK) == 8_500_000
    assert [told.bill_ids for told in heard] == [tuple(sorted(one.id for one in wanted))]
    notice = town.rows(Notice)[0]
    assert (notice.template, notice.person_id) == ("payment_receipt", town.who.person.id)
    assert notice.facts["amount"] == 8_500_000
    with town.store.reading() as session:
        receipt = service.receipts(session, person_id=town.who.person.id).items[0]
        (kept,) = service.papers(session, person_id=town.who.person.id, today=make.TODAY)
    assert (kept.receipt, kept.person_id, kept.child) == (receipt, town.who.person.id, "")
    assert [item.period for item in receipt.items] == ["1405-07", "1405-08"]
    assert (receipt.amount, receipt.credit, receipt.card_masked) == (
        8_500_000, 0, "999999******1234",
    )  # fmt: skip
    assert "payments.settle" in {entry.verb for entry in town.rows(Entry)}


async def test_looking_at_a_page_changes_nothing(town, bill):
    token = town.link(bill)
    before = town.page(token)
    assert [town.page(token) for _ in range(3)] == [before] * 3
    assert town.rows(PaymentAttempt) == []


async def test_amount_is_ours_and_verified_as_ours(town, bill):
    authority = await town.go(town.link(bill))
    assert town.bank.book[authority].amount == bill.amount
    town.bank.pay(authority, town.clock.now, amount=1_000)
    await town.back(authority)
    assert town.page_back(authority).state is PageState.FAILED
    assert town.bank.kept == town.balance(Kind.BANK) == 0


@pytest.mark.parametrize("status", ["OK", "NOK", "", "ok"])
async def test_whoever_did_not_pay_settles_nothing_whatever_they_bring(town, bill, status):
    token = town.link(bill)
    authority = await town.go(token)
    await town.back(authority, status=status)
    failed = town.page_back(authority)
    assert (failed.state, failed.cancelled, failed.token) == (
        PageState.FAILED, status != "OK", token,
    )  # fmt: skip
    assert town.page(token).state is PageState.FAILED
    assert town.balance(Kind.BANK) == 0
    assert await town.go(token)


async def test_whoever_paid_is_settled_even_when_the_browser_says_no(town, bill):
    authority = await town.go(town.link(bill))
    town.bank.pay(authority, town.clock.now)
    await town.back(authority, status="NOK")
    assert town.page_back(authority).state is PageState.PAID
    assert not town.page_back(authority).cancelled


async def test_authority_of_another_payment_settles_nothing(town, bill):
    with town.store.writing("arrange") as session:
        other = paying.bill(session, town.who.person)
    cheap = await town.go(town.link(other))
    mine = await town.go(town.link(bill))
    town.bank.pay(cheap, town.clock.now)
    await town.back(mine, says=cheap)
    assert town.bank.asked == []
    assert {one.state for one in town.rows(PaymentAttempt)} == {AttemptState.REDIRECTED}


async def test_invented_return_changes_nothing(town, bill):
    authority = await town.go(town.link(bill))
    town.bank.pay(authority, town.clock.now)
    await flows.finish_return(town.hub, town.bank, "invented", authority, "OK")
    assert town.bank.asked == []
    with town.store.reading() as session:
        gone = service.page_of_return(session, secret="invented", now=town.clock.now)
    assert (gone.state, gone.amount) == (PageState.GONE, 0)
    assert town.page("invented") == gone
    assert await town.begin("invented") is None


async def test_doubled_and_reordered_returns_settle_once(town, bill, heard):
    authority = await town.go(town.link(bill))
    await town.back(authority, status="NOK")
    town.bank.pay(authority, town.clock.now)
    for status in ("OK", "OK", "NOK", "OK"):
        await town.back(authority, status=status)
    assert town.page_back(authority).state is PageState.PAID
    assert len(heard) == 1
    assert town.bank.kept == town.balance(Kind.BANK) == bill.amount
    assert len(town.rows(Notice)) == 1


async def test_verified_before_counts_as_ours(town, bill):
    authority = await town.go(town.link(bill))
    town.bank.pay(authority, town.clock.now)
    town.bank.loses_answers = True
    await town.back(authority)
    checking = town.page_back(authority)
    assert (checking.state, checking.amount) == (PageState.CHECKING, bill.amount)
    town.bank.loses_answers = False
    town.clock.now += rules.LIVELY_STEP
    await town.back(authority)
    assert town.page_back(authority).state is PageState.PAID
    assert town.bank.kept == town.balance(Kind.BANK) == bill.amount


async def test_second_payer_gets_a_credit(town, bill, heard):
    first, second = [await town.go(town.link(bill)) for _ in range(2)]
    for authority in (first, second):
        town.bank.pay(authority, town.clock.now)
    await town.back(second)
    await town.back(first)
    late = town.page_back(first)
    assert (late.state, late.credit, late.items) == (PageState.PAID, bill.amount, ())
    assert (len(heard), town.bank.kept) == (1, 2 * bill.amount)
    assert town.balance(Kind.BANK) == 2 * bill.amount
    assert town.balance(Kind.UNAPPLIED) == -bill.amount
    credit = town.rows(Credit)[0]
    assert (credit.amount, credit.reason) == (bill.amount, CreditReason.ALREADY_SETTLED)
    assert sorted(one.template for one in town.rows(Notice)) == [
        "payment_credit", "payment_receipt",
    ]  # fmt: skip


async def test_credit_that_was_given_back_is_kept_no_more(town, bill):
    authority = await town.go(town.link(bill))
    with town.store.writing("lapse") as session:
        bills.cancel(session, [bill.id], make.NOW)
    town.pay(authority)
    await town.back(authority)
    (credit,) = town.rows(Credit)
    with town.store.writing("refund") as session:
        service.ask_refund(
            session, person_id=bill.person_id, credit_id=credit.id, actor="x", now=make.NOW
        )
    assert town.page_back(authority).credit == bill.amount
    with town.store.writing("refund") as session:
        service.refunded(session, credit_id=credit.id, actor="x", now=make.NOW)
    shown = town.page_back(authority)
    assert (shown.credit, shown.given_back) == (0, bill.amount)


async def test_money_for_a_closed_bill_is_a_credit(town, bill, heard):
    token = town.link(bill)
    authority = await town.go(token)
    with town.store.writing("lapse") as session:
        bills.cancel(session, [bill.id], town.clock.now)
    assert town.page(token).state is PageState.GONE
    assert await town.begin(token) is None
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    assert town.page_back(authority).credit == bill.amount
    assert [one.reason for one in town.rows(Credit)] == [CreditReason.BILL_CLOSED]
    assert heard == []


async def test_of_several_bills_only_the_open_ones_are_settled(town, bill, heard):
    with town.store.writing("arrange") as session:
        other = paying.bill(session, town.who.person, assessed=3_000_000)
    both = await town.go(town.link(bill, other))
    alone = await town.go(town.link(bill))
    for authority in (both, alone):
        town.bank.pay(authority, town.clock.now)
    await town.back(alone)
    await town.back(both)
    assert [told.bill_ids for told in heard] == [(bill.id,), (other.id,)]
    assert town.page_back(both).credit == bill.amount
    assert town.bank.kept == town.balance(Kind.BANK) == 2 * bill.amount + 3_000_000
    settled = [one for one in town.rows(AttemptBill) if one.settled]
    assert sorted(one.bill_id for one in settled) == sorted([bill.id, other.id])


async def test_page_asks_only_for_what_is_open_still(town, bill):
    with town.store.writing("arrange") as session:
        other = paying.bill(session, town.who.person, assessed=3_000_000)
    token = town.link(bill, other)
    alone = await town.go(town.link(bill))
    town.bank.pay(alone, town.clock.now)
    await town.back(alone)
    assert (town.page(token).state, town.page(token).amount) == (
        PageState.PAYABLE, 3_000_000,
    )  # fmt: skip
    assert town.bank.book[await town.go(token)].amount == 3_000_000


async def test_page_expires(town, bill):
    token = town.link(bill)
    town.clock.now += paying.LASTS
    expired = town.page(token)
    assert (expired.state, expired.seconds_left) == (PageState.EXPIRED, 0)
    assert await town.begin(token) is None


async def test_link_begins_ten_attempts_at_most(town, bill):
    token = town.link(bill)
    for _ in range(rules.MOST_ATTEMPTS):
        await town.go(token)
    assert await town.begin(token) is None
    assert town.page(token).state is PageState.EXPIRED


async def test_bill_that_is_being_confirmed_is_not_paid_again(town, bill):
    token = town.link(bill)
    again = town.link(bill)
    authority = await town.go(token)
    town.bank.says = Unknown("timeout")
    await town.back(authority)
    assert town.page(again).state is PageState.CHECKING
    assert await town.begin(again) is None
    with pytest.raises(BillBeingChecked):
        town.link(bill)
    with town.store.reading() as session:
        assert service.being_checked(session, [bill.id]) == {bill.id}


async def test_page_of_a_try_that_was_given_up_tells_of_the_one_that_is_confirmed(town, bill):
    token = town.link(bill)
    given_up = await town.go(token)
    await town.back(given_up, status="NOK")
    paid = await town.go(token)
    town.bank.says = Unknown("timeout")
    await town.back(paid)
    for page in (town.page_back(given_up), town.page_back(paid), town.page(token)):
        assert (page.state, page.cancelled) == (PageState.CHECKING, False)


async def test_gateway_that_does_not_answer_leaves_a_try_that_failed(town, bill):
    token = town.link(bill)
    town.bank.says = Unknown("timeout")
    assert await town.begin(token) is None
    assert town.page(token).state is PageState.FAILED
    town.bank.says = None
    assert await town.go(token)


async def paid_by_one_number(town: Town, *bills: Bill) -> list[str]:
    """Pay bills for which the bank names one and the same number, and come back from each."""
    authorities = [await town.go(town.link(each)) for each in bills]
    for authority in authorities:
        town.pay(authority)
        town.bank.book[authority].reference = "7700000001"
        await town.back(authority)
    return authorities


async def test_reference_that_another_payment_has_is_being_confirmed(town, bill):
    _, two = await paid_by_one_number(town, bill, other := town.owe())
    assert town.page_back(two).state is PageState.CHECKING
    assert town.balance(Kind.BANK) == bill.amount
    with town.store.reading() as session:
        assert service.being_checked(session, [bill.id, other.id]) == {other.id}
        (doubted,) = service.unanswered(session, now=town.clock.now)
    assert doubted.doubted == "7700000001"


async def test_reference_that_the_bank_puts_right_is_believed(town, bill):
    _, two = await paid_by_one_number(town, bill, other := town.owe())
    town.bank.book[two].reference = "7700000002"
    await town.back(two)
    assert town.page_back(two).state is PageState.PAID
    assert town.balance(Kind.BANK) == bill.amount + other.amount
    with town.store.reading() as session:
        assert service.unanswered(session, now=town.clock.now) == []


async def test_answer_to_an_older_question_changes_nothing(town, bill):
    authority = await town.go(town.link(bill))
    town.clock.now += rules.FIRST_LOOK
    with town.store.writing("claim") as session:
        (work,) = service.claim_due(session, gateway=town.bank.name, limit=20, now=town.clock.now)
    stale = town.bank.answer(work.amount, authority)
    town.bank.pay(authority, town.clock.now)
    town.bank.says = Unknown("timeout")
    await town.back(authority)
    with town.store.writing("settle") as session:
        service.settle(
            session, attempt_id=work.attempt_id, lease=work.lease, outcome=stale, now=town.clock.now
        )
    assert town.page_back(authority).state is PageState.CHECKING


async def test_late_answer_of_the_gateway_still_sends_the_payer(town, bill):
    token = town.link(bill)
    with town.store.writing("begin") as session:
        begun = service.begin(session, token=token, gateway=town.bank.name, now=town.clock.now)
        assert begun is not None
    town.clock.now += rules.NO_ANSWER_AFTER
    with town.store.writing("claim") as session:
        assert (
            service.claim_due(session, gateway=town.bank.name, limit=20, now=town.clock.now) == []
        )
    assert town.rows(PaymentAttempt)[0].state is AttemptState.FAILED
    with town.store.writing("asked") as session:
        answer = Asked("A1", "https://bank.invalid/pg/StartPay/A1")
        service.asked(session, attempt_id=begun.attempt_id, answer=answer, now=town.clock.now)
    assert town.rows(PaymentAttempt)[0].state is AttemptState.REDIRECTED


async def test_only_open_bills_of_ones_own_have_a_link(town, bill):
    with town.store.writing("arrange") as session:
        foreign = paying.bill(session, make.person(session))
        closed = paying.bill(session, town.who.person)
        bills.cancel(session, [closed.id], town.clock.now)
    with pytest.raises(BillNotFound):
        town.link(bill, foreign)
    with pytest.raises(BillNotFound):
        town.link(Bill(id=uuid.uuid4()))
    with pytest.raises(BillClosed):
        town.link(bill, closed)
    authority = await town.go(town.link(bill))
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    with pytest.raises(NothingToPay):
        town.link(bill)
    assert {one.state for one in town.rows(Bill) if one.id == bill.id} == {State.SETTLED}


async def test_receipt_names_the_months_that_the_record_has_in_full(town):
    with town.store.writing("arrange") as session:
        make.record(session, town.who.person, {"1405-06": 31, "1405-07": 29})
        wanted = [
            paying.bill(session, town.who.person, period=one)
            for one in ("1405-06", "1405-07", "1405-08", "1405-08")
        ]
    authority = await town.go(town.link(*wanted))
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    (told,) = town.rows(Notice)
    # Of two bills for one month the second adds nothing either.
    assert sorted(told.facts["full"]) == ["1405-06", "1405-08"]


async def test_money_for_no_month_is_told_so(town, bill):
    authority = await town.go(town.link(bill))
    with town.store.writing("lapse") as session:
        bills.cancel(session, [bill.id], town.clock.now)
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    (told,) = town.rows(Notice)
    assert (told.template, told.facts["contribution"]) == ("payment_credit", True)


async def test_receipt_goes_to_who_asked_for_the_link(town):
    with town.store.writing("arrange") as session:
        child = make.person(session)
        owed = paying.bill(session, child)
        made, token, _ = service.make_link(
            session, bill_ids=[owed.id], person_id=child.id, made_by=town.who.person.id,
            link_id=town.who.link.id, language=Language.FA, lasts=timedelta(minutes=5), now=town.clock.now,
        )  # fmt: skip
        assert made.expires_at == town.clock.now + timedelta(minutes=5)
    authority = await town.go(token)
    town.bank.pay(authority, town.clock.now)
    await town.back(authority)
    (told,) = town.rows(Notice)
    assert told.person_id == town.who.person.id
    # The month is in the child's record, not in that of who reads this.
    facts = PaymentFacts.model_validate(told.facts)
    assert facts.words(today=None)["record"] is None
    assert facts.model_copy(update={"own": True}).words(today=None)["record"] is not None
    with town.store.reading() as session:
        assert service.receipts(session, person_id=child.id).count == 1
        assert service.receipts(session, person_id=town.who.person.id).count == 0
