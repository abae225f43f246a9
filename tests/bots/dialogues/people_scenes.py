"""The scenes of insured people: those who pay for themselves, those on somebody's list, and children."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import reactions
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.bills.models import Bill
from api.bills.rules import about
from api.contracts import billing, telling
from api.contracts.models import Contract
from api.contracts.rules import State
from api.kit.calendar import Month, from_jalali
from api.kit.language import Language
from api.notices import service as notices
from api.notices.models import Notice
from api.payments import service as payments
from api.payments.gateway import Asked, Verified
from api.people import service as people
from api.people.models import Person
from tests.bots.dialogues.scenes import CODE, Scene
from tests.support import make

BILLED = (Month(1405, 6), Month(1405, 7), Month(1405, 8))
"""The months of every contract here: paid where somebody paid, else open."""


def newcomer(session: Session) -> Scene:
    """Nobody is linked. Negar is insured since Tir 1398, Omid is not, Nader has no phone."""
    negar = make.person(session, first_name="نگار")
    make.record(session, negar, {"1398-04": 12, "1398-05": 31})
    make.dependant(session, of=negar)
    omid = make.person(session, first_name="امید")
    nader = make.person(session, first_name="نادر", phone=None)
    make.record(session, nader, {"1398-04": 12})
    names = {
        "negar": negar.national_code,
        "omid": omid.national_code,
        "nader": nader.national_code,
        "nobody": make.new_national_code(),
        "code": CODE,
    }
    return Scene(names, audience="people")


def payer(session: Session) -> Scene:
    """Negar is linked: three months billed, the first paid, and paid twice; her record has a gap."""
    negar = make.person(session, first_name="نگار", phone=None)
    other = make.person(session, phone=None)
    contract = _contract(session, negar, "00001201")
    theirs = _contract(session, other, "00003344")
    _bill(session)
    [paid, late, newest] = _bills(session, contract)
    [*_others, foreign] = _bills(session, theirs)
    # What was paid goes on record by itself, whoever heard before.
    reactions.connect()
    _pay_twice(session, negar, paid)
    make.record(
        session, negar, {f"1404-{month:02d}": 30 for month in (1, 2, 3, 7, 8)}, wage=120_000_000
    )
    names = {
        "late": str(late.id),
        "newest": str(newest.id),
        "foreign": str(foreign.id),
        "told": _told(session, newest),
        "told_of_paid": _told(session, paid),
        "told_of_another": _told(session, foreign),
        "bill_id": newest.bill_id,
        "amount": f"{newest.amount:,}",
        "twice": f"{newest.amount * 2:,}",
    }
    return Scene(names, linked=negar, audience="people")


def one_bill(session: Session) -> Scene:
    """Negar is linked, with one bill, told of it."""
    negar = make.person(session, first_name="نگار", phone=None)
    contract = _contract(session, negar, "00001201", billed_until="1405-07")
    _bill(session, BILLED[-1])
    [bill] = _bills(session, contract)
    names = {"told": _told(session, bill), "amount": f"{bill.amount:,}"}
    return Scene(names, linked=negar, audience="people")


def parent(session: Session) -> Scene:
    """Negar is linked, with a child who has a contract and two others who are not hers to act for."""
    negar = make.person(session, first_name="نگار", phone=None)
    sara = make.person(
        session, first_name="سارا", birth_date=make.TODAY - timedelta(days=6530), phone=None
    )
    make.dependant(session, of=negar, person=sara)
    grown = make.person(
        session, first_name="بهار", birth_date=make.TODAY - timedelta(days=7000), phone=None
    )
    make.dependant(session, of=negar, person=grown)
    contract = _contract(session, sara, "00007788", billed_until="1405-07")
    _bill(session, BILLED[-1])
    [bill] = _bills(session, contract)
    make.record(session, sara, {"1405-06": 31, "1405-07": 30})
    return Scene({"amount": f"{bill.amount:,}"}, linked=negar, audience="people")


def insured(session: Session) -> Scene:
    """Negar is linked; she is on somebody's list, and her own contract has lapsed."""
    negar = make.person(session, first_name="نگار", phone=None)
    make.contract(
        session, person=negar, number="00005566", state=State.LAPSED, billed_until="1405-01"
    )
    make.record(session, negar, {"1404-12": 29, "1405-01": 31})
    make.record(
        session, negar, {"1405-01": 15}, source="workshop:0180000002", place_name="آسیاب سپید"
    )
    return Scene({}, linked=negar, audience="people")


def nobodys(session: Session) -> Scene:
    """Omid is linked, and nothing at all is known of him."""
    return Scene({}, linked=make.person(session, first_name="امید", phone=None), audience="people")


def household(session: Session) -> Scene:
    """Negar is linked; her mother Mahin, who has no chat, pays for herself and has a record."""
    reactions.connect()
    negar = make.person(session, first_name="نگار", phone=None)
    make.record(session, negar, {"1398-04": 12})
    mahin = make.person(session, first_name="مهین", birth_date=from_jalali(1338, 5, 1))
    contract = _contract(session, mahin, "00001201", billed_until="1405-07")
    _bill(session, BILLED[-1])
    [bill] = _bills(session, contract)
    make.record(session, mahin, {"1370-03": 20, "1405-06": 31})
    names = {
        "mahin": mahin.national_code,
        "negar": negar.national_code,
        "nobody": make.new_national_code(),
        "amount": f"{bill.amount:,}",
        "code": CODE,
    }
    return Scene(names, linked=negar, audience="people")


PEOPLE = (newcomer, payer, one_bill, parent, insured, nobodys, household)


def _contract(
    session: Session, person: Person, number: str, *, billed_until: str = "1405-05"
) -> Contract:
    return make.contract(
        session,
        person=person,
        number=number,
        medical_heads=2,
        starts_on="1405-01",
        billed_until=billed_until,
    )


def _bill(session: Session, *periods: Month) -> None:
    """Bill months as the timetable does, on the first day of the month after each."""
    for period in periods or BILLED:
        after = period.plus(1)
        slot = from_jalali(after.year, after.month, 1)
        billing.bill(session, slot=slot, after=None, now=make.NOW)
    telling.announce(session, slot=make.TODAY, after=None, now=make.NOW)


def _bills(session: Session, contract: Contract) -> list[Bill]:
    return list(
        session.scalars(select(Bill).where(Bill.payer_of == contract.id).order_by(Bill.period))
    )


def _pay_twice(session: Session, person: Person, bill: Bill) -> None:
    """Pay a bill from two links at once: one settles it, the other's money is owed back."""
    link = access.link(
        session,
        chat=ChatAddress("telegram", "people", "an older phone"),
        person_id=person.id,
        masked_name=people.masked_name(person),
        language="fa",
        level=Level.CODE,
        now=make.NOW - timedelta(days=9),
    )
    begun = [_begun(session, link, bill, place) for place in (1, 2)]
    for place, attempt in enumerate(begun, 1):
        payments.settle(
            session,
            attempt_id=attempt,
            lease=UUID(int=place),
            outcome=Verified(f"10020{place}", "6037-99**-****-1234"),
            now=make.NOW - timedelta(days=3 - place),
        )


def _begun(session: Session, link: ChatLink, bill: Bill, place: int) -> UUID:
    _link, token, _amount = payments.make_link(
        session,
        bill_ids=[bill.id],
        person_id=bill.person_id,
        made_by=link.person_id,
        link_id=link.id,
        language=Language.FA,
        lasts=timedelta(minutes=20),
        now=make.NOW - timedelta(days=3),
    )
    begun = payments.begin(
        session, token=token, gateway="zarinpal", now=make.NOW - timedelta(days=3)
    )
    assert begun is not None
    payments.asked(
        session,
        attempt_id=begun.attempt_id,
        answer=Asked(f"A{place:035d}", "http://127.0.0.1:9"),
        now=make.NOW - timedelta(days=3),
    )
    return begun.attempt_id


def _told(session: Session, bill: Bill) -> str:
    """The check code of the notice that told of a bill, as if it had been sent."""
    notice = session.scalars(select(Notice).where(Notice.about == about(bill.id))).one()
    notice.code = notices.code_of(notice.id)
    session.flush()
    return notice.code
