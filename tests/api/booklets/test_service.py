"""A booklet offered, asked for, paid for and followed to the one who waits for it."""

import threading
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from api.bills import checking
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import State
from api.booklets import queries, service
from api.booklets.models import Booklet, BookletOffer
from api.booklets.refusals import (
    NoRegisteredAddress,
    NotEntitled,
    OfferExpired,
    OfferNotFound,
    RequestOpen,
    StageNotReached,
    UnknownBranch,
    UnknownMember,
)
from api.booklets.rules import Loss, Stage, Way
from api.booklets.schemas import BookletOut
from api.errors import Invalid
from api.files import service as files
from api.files.refusals import FileNotFound
from api.files.rules import KEPT_AFTER, UNUSED_LASTS
from api.kit.calendar import TEHRAN
from api.kit.language import Language
from api.kit.speech import Medium, Speech
from api.notices.models import Delivery, Notice
from api.organisation import service as organisation
from api.organisation.rules import AvailabilityRow, AvailabilityState
from api.requests import queries as requests_queries
from api.requests import service as requests
from api.requests.models import Request
from api.requests.refusals import RequestNotFound
from api.templates.facts.requests import RequestFacts
from tests.api.booklets.office import (
    LOST,
    STOLEN,
    a_paper,
    charged,
    insured,
    offered,
    requested,
    taken,
)
from tests.support import make

POST = "016790405700038450001000"


def told(session, person) -> list[str]:
    """The stages a person was told of, and whether each is still on its way or was taken back."""
    found = session.execute(
        select(Notice, Delivery.status)
        .join(Delivery, Delivery.notice_id == Notice.id)
        .where(Notice.person_id == person.id)
    )
    # A notice of a stage is named for its place; ids of one millisecond have no order.
    placed = sorted(found, key=lambda row: int(row[0].key.rpartition(":")[2]))
    return [f"{notice.facts['stage']} {status}" for notice, status in placed]


def stages(session, person, number: str) -> list[str]:
    return [one.stage for one in requests.show(session, person_id=person.id, number=number).stages]


def on(session, number: str, stage: Stage, **given: str) -> None:
    service.advance(session, number=number, stage=stage, now=make.NOW, **given)


def pay(session, made: BookletOut) -> None:
    """Let the fee of a request be paid."""
    assert made.bill is not None
    service.fees_paid(session, bill_ids=[made.bill], now=make.NOW)


def test_offer_says_cost_and_day_and_promises_an_hour(session):
    mina = insured(session)
    offer = offered(session, mina)
    # Ten days after 11 Azar is a Saturday.
    assert (offer.cost, offer.lines, offer.day) == (0, [], date(2026, 12, 12))
    stored = session.get_one(BookletOffer, offer.id)
    assert stored.expires_at == make.NOW + timedelta(hours=1)


def test_day_moves_past_fridays_and_holidays(session):
    mina = insured(session)
    make.holiday(session, date(2026, 12, 12))
    assert offered(session, mina).day == date(2026, 12, 13)


def test_request_without_a_fee_is_issued_at_once_and_told(session):
    mina = insured(session)
    made = requested(session, mina)
    assert (made.stage, made.cost, made.bill, made.due) == (
        Stage.ISSUED,
        0,
        None,
        date(2026, 12, 12),
    )
    assert stages(session, mina, made.number) == ["requested", "entitlement_checked", "issued"]
    assert told(session, mina) == ["issued created"]


def test_fee_is_billed_and_its_payment_moves_the_stage(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    assert (made.stage, made.cost) == (Stage.FEE_DUE, 1_731_000)
    (bill,) = bills.open_of(session, mina.id)
    assert (bill.id, bill.amount, bill.carried, bill.period) == (made.bill, 1_731_000, 0, "1405-09")
    assert bill.about == f"request:{made.number}"
    assert sum(line["amount"] for line in bill.lines) == bill.amount
    assert stages(session, mina, made.number)[-1] == "fee_due"
    paid_at = make.NOW + timedelta(days=3)
    service.fees_paid(session, bill_ids=[bill.id], now=paid_at)
    shown = requests.show(session, person_id=mina.id, number=made.number)
    # Counted from the day of the payment: three days later than was hoped.
    assert (shown.stage, shown.due_on) == ("issued", date(2026, 12, 15))
    assert told(session, mina) == ["fee_due cancelled", "issued created"]


def test_payment_heard_of_twice_moves_once(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    for _ in range(2):
        pay(session, made)
    assert stages(session, mina, made.number).count("issued") == 1


def test_payment_is_heard_where_the_rule_table_has_a_gap(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    session.execute(text("DELETE FROM rule_tables WHERE name = 'booklets'"))
    pay(session, made)
    assert stages(session, mina, made.number)[-1] == "issued"


def test_bills_of_other_things_are_passed_over(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    service.fees_paid(session, bill_ids=[uuid4()], now=make.NOW)
    assert stages(session, mina, made.number)[-1] == "fee_due"


def test_second_duplicate_costs_a_whole_daily_wage(session):
    mina = insured(session)
    first = requested(session, mina, **LOST)
    pay(session, first)
    for stage, given in (
        (Stage.PRINTED, {}),
        (Stage.HANDED_TO_POST, {"tracking": POST}),
        (Stage.DELIVERED, {}),
    ):
        on(session, first.number, stage, **given)
    assert offered(session, mina, **LOST).cost == 3_463_000


def test_stolen_one_costs_nothing_where_the_paper_of_it_is_shown(session):
    mina = insured(session)
    assert offered(session, mina, **STOLEN).cost == 1_731_000
    assert offered(session, mina, **STOLEN, paper_id=a_paper(session, mina)).cost == 0


def test_what_is_free_on_a_papers_word_waits_until_it_was_looked_at(session):
    mina = insured(session)
    paper = a_paper(session, mina)
    made = requested(session, mina, **STOLEN, paper_id=paper)
    assert (made.stage, made.cost, made.bill) == (Stage.ENTITLEMENT_CHECKED, 0, None)
    request = requests_queries.by_number(session, made.number)
    assert request is not None
    assert [one.id for one in files.of_request(session, request.id)] == [paper]
    on(session, made.number, Stage.ISSUED)
    assert told(session, mina) == ["issued created"]


def test_paper_that_says_something_else_is_turned_down(session):
    mina = insured(session)
    made = requested(session, mina, **STOLEN, paper_id=a_paper(session, mina))
    on(session, made.number, Stage.REJECTED, reason="کاغذ مال کس دیگری است")
    assert told(session, mina) == ["rejected created"]
    request = requests_queries.by_number(session, made.number)
    assert request is not None
    (paper,) = files.of_request(session, request.id)
    assert paper.expires_at == make.NOW + KEPT_AFTER
    # Asking again without one costs what the first costs: nothing was paid for.
    assert offered(session, mina, **STOLEN).cost == 1_731_000


def test_where_delivery_has_a_price_it_is_billed_when_the_paper_was_looked_at(session, tmp_path):
    mina = insured(session)
    charged(session, tmp_path, way=Way.REGISTERED, cost=350_000)
    made = requested(session, mina, **STOLEN, paper_id=a_paper(session, mina))
    assert (made.stage, made.cost, made.bill) == (Stage.ENTITLEMENT_CHECKED, 350_000, None)
    assert bills.open_of(session, mina.id) == []
    with pytest.raises(StageNotReached) as no:
        on(session, made.number, Stage.ISSUED)
    assert no.value.params["next"] == ["fee_due", "rejected", "cancelled"]
    on(session, made.number, Stage.FEE_DUE)
    (bill,) = bills.open_of(session, mina.id)
    assert (bill.amount, [line["code"] for line in bill.lines]) == (350_000, ["delivery"])
    service.fees_paid(session, bill_ids=[bill.id], now=make.NOW)
    assert stages(session, mina, made.number)[1:] == ["entitlement_checked", "fee_due", "issued"]
    assert told(session, mina) == ["fee_due cancelled", "issued created"]


def test_paper_that_spares_no_fee_is_waited_for_by_nobody(session, tmp_path):
    mina = insured(session)
    charged(session, tmp_path, way=Way.REGISTERED, cost=350_000)
    made = requested(session, mina, **LOST, paper_id=a_paper(session, mina))
    assert (made.stage, made.cost) == (Stage.FEE_DUE, 2_081_000)


def test_request_that_another_clerk_bills_in_this_moment_is_not_turned_down_beside_its_bill(
    session, tmp_path, monkeypatch
):
    mina = insured(session)
    charged(session, tmp_path, way=Way.REGISTERED, cost=350_000)
    made = requested(session, mina, **STOLEN, paper_id=a_paper(session, mina))
    by_number = requests_queries.by_number

    def held_by_another(session, number):
        session.execute(
            text("UPDATE booklets SET bill_id = :bill"),
            {"bill": uuid4() if session.bind.dialect.name == "postgresql" else uuid4().hex},
        )
        session.execute(text("UPDATE requests SET stage = 'fee_due'"))
        session.expire_all()
        return by_number(session, number)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(requests_queries, "by_number", held_by_another)
        with pytest.raises(StageNotReached):
            on(session, made.number, Stage.REJECTED, reason="کاغذ مال کس دیگری است")


def test_duplicate_that_was_free_counts_for_no_fee_and_one_without_a_paper_does(session):
    mina = insured(session)
    free = requested(session, mina, **STOLEN, paper_id=a_paper(session, mina))
    for stage, given in (
        (Stage.ISSUED, {}),
        (Stage.PRINTED, {}),
        (Stage.HANDED_TO_POST, {"tracking": POST}),
        (Stage.DELIVERED, {}),
    ):
        on(session, free.number, stage, **given)
    assert offered(session, mina, **LOST).cost == 1_731_000
    pay(session, requested(session, mina, **STOLEN))
    assert queries.duplicates_paid_for(session, mina.id, free_after={Loss.STOLEN}) == 1


def test_paper_of_somebody_else_or_one_used_before_is_not_found(session):
    mina, other = insured(session), insured(session)
    with pytest.raises(FileNotFound):
        offered(session, mina, **STOLEN, paper_id=a_paper(session, other))
    paper = a_paper(session, mina)
    made = requested(session, mina, **STOLEN, paper_id=paper)
    on(session, made.number, Stage.REJECTED, reason="کاغذ مال کس دیگری است")
    with pytest.raises(FileNotFound):
        offered(session, mina, **STOLEN, paper_id=paper)


def test_paper_lasts_as_long_as_its_offer(session):
    mina = insured(session)
    paper = a_paper(session, mina)
    late = make.NOW + UNUSED_LASTS - timedelta(minutes=1)
    offer = offered(session, mina, now=late, **STOLEN, paper_id=paper)
    taken(session, mina, offer.id, now=late + timedelta(minutes=50))


def test_duplicate_that_was_cancelled_does_not_count(session):
    mina = insured(session)
    first = requested(session, mina, **LOST)
    on(session, first.number, Stage.CANCELLED)
    assert offered(session, mina, **LOST).cost == 1_731_000
    assert session.get_one(Bill, first.bill).state is State.CANCELLED


def test_delivery_is_charged_where_the_operator_says_so(session, tmp_path):
    mina = insured(session)
    charged(session, tmp_path, way=Way.ANOTHER, cost=350_000)
    offer = offered(session, mina, way=Way.ANOTHER, address="یزد، کوچه ۲\n8913000000")
    assert (offer.cost, [line.code for line in offer.lines]) == (350_000, ["delivery"])


def test_missing_month_is_named(session):
    mina = insured(session, address=None)
    mina2 = make.person(session)
    make.record(session, mina2, {"1405-03": 31, "1405-05": 31})
    with pytest.raises(NotEntitled) as no:
        offered(session, mina2)
    assert no.value.params == {"month": "1405-07", "last": "1405-05"}
    nobody = make.person(session)
    with pytest.raises(NotEntitled) as no:
        offered(session, nobody)
    assert no.value.params == {"month": "1405-07", "last": None}
    assert offered(session, mina, way=Way.BRANCH, branch_id=make.branch(session).id).cost == 0


def test_cover_that_ends_before_the_offer_is_taken_counts(session):
    mina = insured(session)
    offer = offered(session, mina)
    session.execute(text("DELETE FROM record_months"))
    with pytest.raises(NotEntitled):
        taken(session, mina, offer.id)


def test_dependant_is_covered_by_the_one_who_is_insured(session):
    mina = insured(session)
    child = make.dependant(session, of=mina)
    made = requested(session, mina, subject_id=child.id)
    request = session.scalar(select(Request).where(Request.number == made.number))
    assert (request.person_id, request.subject_id) == (mina.id, child.id)
    # Her own is another matter, and may be asked for beside it.
    assert requested(session, mina).number != made.number


def test_stranger_and_former_dependant_are_unknown(session):
    mina = insured(session)
    stranger = insured(session)
    former = make.dependant(session, of=mina, until=date(2026, 12, 1))
    for who in (stranger, former):
        with pytest.raises(UnknownMember):
            offered(session, mina, subject_id=who.id)


def test_request_that_is_open_is_named(session):
    mina = insured(session)
    made = requested(session, mina)
    with pytest.raises(RequestOpen) as no:
        offered(session, mina)
    assert no.value.params == {"number": made.number}


def test_other_parents_request_is_not_named(session):
    mina, reza = insured(session), insured(session)
    child = make.dependant(session, of=mina)
    make.dependant(session, of=reza, person=child)
    requested(session, mina, subject_id=child.id)
    with pytest.raises(RequestOpen) as no:
        offered(session, reza, subject_id=child.id)
    assert no.value.params == {"number": None}


def test_second_offer_cannot_be_taken_beside_the_first(session):
    mina = insured(session)
    first, second = offered(session, mina), offered(session, mina)
    made = taken(session, mina, first.id)
    with pytest.raises(RequestOpen) as no:
        taken(session, mina, second.id)
    assert no.value.params == {"number": made.number}


def test_offer_taken_again_gives_the_same_request(session):
    mina = insured(session)
    offer = offered(session, mina, **LOST)
    made = taken(session, mina, offer.id)
    late = make.NOW + timedelta(days=9)
    assert taken(session, mina, offer.id, now=late) == made
    assert len(bills.open_of(session, mina.id)) == 1


@pytest.mark.parametrize(("minutes", "is_over"), [(59, False), (60, True)])
def test_offer_holds_for_an_hour(session, minutes, is_over):
    mina = insured(session)
    offer = offered(session, mina)
    later = make.NOW + timedelta(minutes=minutes)
    if is_over:
        with pytest.raises(OfferExpired):
            taken(session, mina, offer.id, now=later)
    else:
        assert taken(session, mina, offer.id, now=later).number


def test_offer_whose_cost_has_changed_is_over(session):
    mina = insured(session)
    offer = offered(session, mina, **LOST)
    session.get_one(BookletOffer, offer.id).cost = 1_000
    with pytest.raises(OfferExpired):
        taken(session, mina, offer.id)


def test_offer_of_another_is_not_there(session):
    mina, other = insured(session), insured(session)
    with pytest.raises(OfferNotFound):
        taken(session, other, offered(session, mina).id)


def test_address_is_needed_known_and_kept_as_it_was(session):
    nomad = insured(session, address=None)
    assert service.terms(session, person_id=nomad.id).registered_address is None
    with pytest.raises(NoRegisteredAddress):
        offered(session, nomad)
    mina = insured(session)
    assert service.terms(session, person_id=mina.id).registered_address == "تهران، خیابان آ***"
    made = requested(session, mina)
    mina.address = "یزد، کوچه ۲"
    request = session.scalar(select(Request).where(Request.number == made.number))
    assert session.get_one(Booklet, request.id).address == "تهران، خیابان آزادی، پلاک ۱"


def test_address_is_nowhere_in_the_store_to_be_read(session):
    mina = insured(session)
    requested(session, mina, way=Way.ANOTHER, address="کوچهٔ پنهان\n8913000000")
    for table in ("booklets", "booklet_offers", "requests", "request_stages", "notices"):
        for row in session.execute(text(f"SELECT * FROM {table}")):
            assert "پنهان" not in str(row)
            assert "پنهان".encode() not in b"".join(one for one in row if isinstance(one, bytes))


def test_address_is_forgotten_when_nothing_is_sent_there_any_more(session):
    mina = insured(session)
    made = requested(session, mina)
    request = session.scalar(select(Request).where(Request.number == made.number))
    booklet = session.get_one(Booklet, request.id)
    on(session, made.number, Stage.PRINTED)
    on(session, made.number, Stage.HANDED_TO_POST, tracking=POST)
    assert booklet.address
    on(session, made.number, Stage.DELIVERED)
    assert booklet.address is None


def test_branch_must_be_there_and_hand_out_booklets(session):
    mina = insured(session)
    branch = make.branch(session)
    assert requested(session, mina, way=Way.BRANCH, branch_id=branch.id).due == date(2026, 12, 7)
    reza = insured(session)
    with pytest.raises(UnknownBranch):
        offered(session, reza, way=Way.BRANCH, branch_id=uuid4())
    organisation.register_availabilities(
        session,
        rows=[
            AvailabilityRow(
                service="booklets",
                branch_code=branch.code,
                from_day=make.TODAY,
                to_day=None,
                state=AvailabilityState.OFF,
                reason="",
            )
        ],
    )
    with pytest.raises(UnknownBranch):
        offered(session, reza, way=Way.BRANCH, branch_id=branch.id)


def test_each_stage_is_told_with_what_belongs_to_it(session):
    mina = insured(session)
    made = requested(session, mina)
    on(session, made.number, Stage.PRINTED)
    on(session, made.number, Stage.HANDED_TO_POST, tracking=" ۰۱۶۷۹۰۴۰۵۷ ")
    on(session, made.number, Stage.RETURNED, reason="کسی در خانه نبود")
    on(session, made.number, Stage.READY_AT_BRANCH)
    on(session, made.number, Stage.DELIVERED)
    shown = requests.show(session, person_id=mina.id, number=made.number)
    assert shown.closed
    assert [(one.stage, one.note) for one in shown.stages[3:]] == [
        ("printed", {}),
        ("handed_to_post", {"tracking": "0167904057"}),
        ("returned", {"reason": "کسی در خانه نبود"}),
        ("ready_at_branch", {}),
        ("delivered", {}),
    ]
    assert told(session, mina) == [
        "issued cancelled",
        "printed cancelled",
        "handed_to_post cancelled",
        "returned cancelled",
        "ready_at_branch cancelled",
        "delivered created",
    ]


@pytest.mark.parametrize(
    ("stage", "given", "field"),
    [
        (Stage.HANDED_TO_POST, {}, "tracking"),
        (Stage.HANDED_TO_POST, {"tracking": "no-number!"}, "tracking"),
        (Stage.HANDED_TO_POST, {"tracking": "1" * 33}, "tracking"),
    ],
)
def test_detail_that_a_stage_needs_is_asked_for(session, stage, given, field):
    mina = insured(session)
    made = requested(session, mina)
    on(session, made.number, Stage.PRINTED)
    with pytest.raises(Invalid) as no:
        on(session, made.number, stage, **given)
    assert no.value.params["field"] == field


def test_who_is_turned_down_hears_why(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    for reason in (
        "",
        "چ" * 301,
        "https://1.1.1.1",
        "به www.bank.example بروید",
        "به t.me/bank بروید",
    ):
        with pytest.raises(Invalid) as no:
            on(session, made.number, Stage.REJECTED, reason=reason)
        assert no.value.params["field"] == "reason"


def test_stage_out_of_turn_is_refused_with_what_may_come(session):
    mina = insured(session)
    made = requested(session, mina)
    with pytest.raises(StageNotReached) as no:
        on(session, made.number, Stage.DELIVERED)
    assert no.value.params == {"stage": "issued", "next": ["printed"]}
    with pytest.raises(RequestNotFound):
        on(session, "4820193370", Stage.PRINTED)


def test_fee_that_is_due_is_not_passed_over_by_hand(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    with pytest.raises(StageNotReached):
        on(session, made.number, Stage.ISSUED)


def test_paid_request_is_not_cancelled_and_its_bill_stays_settled(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    session.get_one(Bill, made.bill).state = State.SETTLED
    pay(session, made)
    with pytest.raises(StageNotReached):
        on(session, made.number, Stage.CANCELLED)
    assert session.get_one(Bill, made.bill).state is State.SETTLED


def test_offers_of_yesterday_are_forgotten(session):
    mina = insured(session)
    offered(session, mina)
    made = requested(session, mina)
    assert service.sweep(session, now=make.NOW + timedelta(hours=24)) == 0
    assert service.sweep(session, now=make.NOW + timedelta(hours=26)) == 2
    assert requests.show(session, person_id=mina.id, number=made.number).stage == "issued"


def after_last_day(session, made: BookletOut) -> datetime:
    """The first minute in which the fee of a request cannot be paid any more."""
    due_on = session.get_one(Bill, made.bill).due_on
    return datetime.combine(due_on + timedelta(days=1), time(0, 1), tzinfo=TEHRAN)


def test_request_whose_fee_nobody_paid_ends_by_itself(session):
    mina = insured(session)
    made = requested(session, mina, **LOST)
    late = after_last_day(session, made)
    service.sweep(session, now=late - timedelta(minutes=2))
    assert stages(session, mina, made.number)[-1] == "fee_due"
    for _ in range(2):
        service.sweep(session, now=late)
    session.expire_all()
    shown = requests.show(session, person_id=mina.id, number=made.number)
    assert shown.closed
    assert [(one.stage, one.note) for one in shown.stages[2:]] == [
        ("fee_due", {"bill": str(made.bill), "amount": made.cost}),
        ("cancelled", {"amount": made.cost}),
    ]
    assert session.get_one(Bill, made.bill).state is State.CANCELLED
    assert told(session, mina) == ["fee_due cancelled", "cancelled created"]
    # Another can be asked for.
    assert requested(session, mina, **LOST).number != made.number


def test_fee_that_was_paid_or_may_have_been_ends_nothing(session):
    mina, reza, sara = (insured(session) for _ in range(3))
    paid, checked, begun = (requested(session, one, **LOST) for one in (mina, reza, sara))
    late = after_last_day(session, paid)
    bills.settle(session, [session.get_one(Bill, paid.bill)], attempt="payment:1", at=make.NOW)
    pay(session, paid)
    checking.connect(
        lambda _session, ids: {one for one in ids if one == checked.bill},
        lambda _session, ids: {one: make.NOW for one in ids if one == begun.bill},
    )
    service.sweep(session, now=late)
    for one, person, stage in (
        (paid, mina, "issued"),
        (checked, reza, "fee_due"),
        (begun, sara, "fee_due"),
    ):
        assert stages(session, person, one.number)[-1] == stage
    checking.connect(None)
    service.sweep(session, now=late)
    assert stages(session, reza, checked.number)[-1] == "cancelled"
    assert stages(session, mina, paid.number)[-1] == "issued"


def test_sweep_forgets_and_ends_so_many_at_a_time(session):
    people = [insured(session) for _ in range(3)]
    made = [requested(session, one, **LOST) for one in people]
    late = after_last_day(session, made[0])
    # Three offers and three requests: two and one, one and one, none and one.
    assert [service.sweep(session, now=late, limit=2) for _ in range(4)] == [3, 2, 1, 0]
    for person, one in zip(people, made, strict=True):
        assert stages(session, person, one.number)[-1] == "cancelled"


def test_of_two_offers_taken_at_the_same_moment_one_becomes_a_request(fresh_store):
    with fresh_store.writing("arrange") as session:
        mina = insured(session)
        offers = [offered(session, mina, **LOST).id for _ in range(2)]
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def take(offer_id) -> None:
        together.wait()
        try:
            with fresh_store.writing("take") as session:
                outcomes.append(taken(session, mina, offer_id).number)
        except RequestOpen as no:
            outcomes.append(no.params["number"])

    takers = [threading.Thread(target=take, args=(offer_id,)) for offer_id in offers]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert len(outcomes) == 2
    assert len(set(outcomes)) == 1
    with fresh_store.reading() as session:
        assert len(bills.open_of(session, mina.id)) == 1


@pytest.mark.parametrize(
    ("facts", "says"),
    [({"amount": 1_731_000}, "Its fee of 1,731,000 rials"), ({"reason": "لغو"}, "Why: لغو")],
)
def test_who_did_not_pay_the_fee_in_time_is_told_so(facts, says):
    told = RequestFacts(number="4820193370", kind="booklet", stage="cancelled", **facts)
    more = told.words(today=None)["more"]
    assert says in Speech(Language.EN, Medium.EMAIL).word(more)
