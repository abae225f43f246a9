"""Who lives in a transcript: each scene arranges people, workplaces and debts, and names them.

A scene is arranged once, and each story is undone before the next one begins: what is told in one
is not heard in another.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.debts.models import Debt
from api.debts.rules import Kind, State, Step
from api.employers.models import Workshop
from api.kit import codes
from api.kit.calendar import Month
from api.kit.language import Language
from api.kit.speech import Speech
from api.notices import service as notices
from api.notices.models import Notice
from api.people import service as people
from api.people.models import Person
from api.records import papers
from tests.bots.players import CHAT
from tests.support import make

LONG = "بلند " * 1000
CODE = "482913"
"""Every one-time code of these stories."""


@dataclass(frozen=True)
class Scene:
    """What fills the `$names` of a transcript, and whose chat it is (None: nobody's yet)."""

    names: dict[str, str]
    linked: Person | None = None
    audience: str = "employers"


def stranger(session: Session) -> Scene:
    """Nobody is linked. Mina has two workplaces, Zari one with two debts, Nader no phone, Omid no workplace."""
    mina = make.person(session)
    make.workshop(session, contacts=[mina], code="0120004521", name="نان سحر")
    make.workshop(session, contacts=[mina], registered_on=date(2023, 4, 4), code="0120007788")
    zari = make.person(session, first_name="زری")
    mill = make.workshop(session, contacts=[zari], code="0120009900", name="آسیاب سپید")
    debt = make.debt(session, workshop=mill)
    make.debt(session, workshop=mill, period_from="1405-01", period_to="1405-01")
    nader = make.person(session, first_name="نادر", phone=None)
    make.workshop(session, contacts=[nader])
    omid = make.person(session, first_name="امید")
    notice = told(session, zari, debt)
    return Scene({
        "mina": mina.national_code,
        "mina_in_persian": Speech(Language.FA).digits(mina.national_code),
        "zari": zari.national_code,
        "nader": nader.national_code,
        "omid": omid.national_code,
        "nobody": make.new_national_code(),
        "bad": mina.national_code[:9] + str((int(mina.national_code[9]) + 1) % 10),
        "code": CODE,
        "paper": papers.code_of(make.TODAY, 4321),
        "notice": notice,
        "notice_typed": f" {notice[:4].lower()} — {notice[4:]}".replace("0", "o"),
        "long": LONG,
    })  # fmt: skip


def one_workplace(session: Session) -> Scene:
    """Mina is linked, for one workplace with debts of every kind; others' are somewhere else."""
    mina = make.person(session, phone=None)
    bakery = make.workshop(session, contacts=[mina], code="0120004521", name="نان سحر")
    other = make.person(session)
    elsewhere = make.workshop(session, contacts=[other])
    late = make.debt(
        session,
        workshop=bakery,
        number="0000000007304",
        paid=5_000_000,
        objection_until=date(2026, 12, 22),
    )
    guessed = make.debt(
        session,
        workshop=bakery,
        number="0000000008415",
        period_from="1405-03",
        period_to="1405-03",
        principal=12_000_000,
        kind=Kind.ESTIMATED,
        objection_until=make.TODAY,
    )
    enforced = make.debt(
        session,
        workshop=bakery,
        number="0000000009526",
        period_from="1403-12",
        period_to="1403-12",
        list_fine=8_000_000,
        due_on=date(2026, 6, 1),
        step=Step.ENFORCEMENT,
        issued_on=date(2026, 4, 1),
        objection_until=date(2026, 5, 1),
    )
    objected = make.debt(
        session, workshop=bakery, period_from="1404-01", period_to="1404-02", step=Step.OBJECTION
    )
    ruled = make.debt(
        session,
        workshop=bakery,
        period_from="1404-06",
        period_to="1404-06",
        step=Step.RULING,
        list_fine=5_000_000,
        objection_until=date(2026, 11, 30),
    )
    settled = make.debt(
        session, workshop=bakery, state=State.CLOSED, period_from="1402-05", period_to="1402-05"
    )
    foreign = make.debt(session, workshop=elsewhere)
    return Scene(
        {
            "late": str(late.id),
            "guessed": str(guessed.id),
            "enforced": str(enforced.id),
            "objected": str(objected.id),
            "ruled": str(ruled.id),
            "foreign": str(foreign.id),
            "notice": told(session, mina, late),
            "settled_notice": told(session, mina, settled),
            "not_mine_any_more": told(session, mina, foreign),
            "others_notice": told(session, other, foreign),
            "link_notice": _told_of_link(session, mina),
            "long": LONG,
        },
        linked=mina,
    )


def two_workplaces(session: Session) -> Scene:
    """Mina is linked, for a bakery with one debt and a mill with two; the mill's was told."""
    mina = make.person(session, phone=None)
    bakery = make.workshop(session, contacts=[mina], code="0120004521", name="نان سحر")
    mill = make.workshop(session, contacts=[mina], code="0120007788", name="آسیاب سپید")
    make.debt(session, workshop=bakery, number="0000000001111")
    debt = make.debt(
        session, workshop=mill, number="0000000002222", period_from="1405-01", period_to="1405-01"
    )
    make.debt(session, workshop=mill, number="0000000003333")
    names = {
        "debt": str(debt.id),
        "notice": told(session, mina, debt),
    }
    return Scene(names, linked=mina)


def no_debts(session: Session) -> Scene:
    """Mina is linked, for one workplace that owes nothing; she has no notice either."""
    mina = make.person(session, phone=None)
    make.workshop(session, contacts=[mina])
    return Scene({}, linked=mina)


def many(session: Session) -> Scene:
    """Mina is linked, for one workplace with twelve debts, and was told of ten of them."""
    mina = make.person(session, phone=None)
    bakery = make.workshop(session, contacts=[mina], code="0120004521")
    names = {}
    for month in range(1, 13):
        period = f"1404-{month:02d}"
        debt = make.debt(
            session,
            workshop=bakery,
            period_from=period,
            period_to=period,
            objection_until=date(2026, 12, 2 + month),
        )
        names[f"debt_{month}"] = str(debt.id)
        if month <= 10:
            told(session, mina, debt)
    # In the order of the inbox: notices posted within a millisecond have no other.
    inbox = session.scalars(
        select(Notice).where(Notice.person_id == mina.id).order_by(Notice.id)
    ).all()
    names |= {f"notice_{place}": str(notice.code) for place, notice in enumerate(inbox, 1)}
    newest = Month.parse(inbox[-1].facts["period_from"])
    names["newest_month"] = Speech(Language.EN).month(newest)
    return Scene(names, linked=mina)


EMPLOYERS = (stranger, one_workplace, two_workplaces, no_debts, many)


def told(session: Session, person: Person, debt: Debt) -> str:
    """Tell a person of a debt; gives the check code of the notice, as if it had been sent."""
    workshop = session.get_one(Workshop, debt.workshop_id)
    return _posted(
        session,
        person,
        template="debt_notice",
        about=f"debt:{debt.id}",
        workshop=workshop,
        facts={
            "workshop_tail": workshop.code[-4:],
            "workshop_name": workshop.name,
            "debt_tail": debt.number[-4:],
            "period_from": debt.period_from,
            "period_to": debt.period_to,
            "amount": debt.principal,
            "as_of": make.TODAY.isoformat(),
            "objection_until": debt.objection_until.isoformat(),
        },
    )


def _told_of_link(session: Session, person: Person) -> str:
    facts = {"messenger": "telegram", "audience": "employers", "day": make.TODAY.isoformat()}
    return _posted(
        session, person, template="link_added", about="link:1", workshop=None, facts=facts
    )


def _posted(
    session: Session,
    person: Person,
    *,
    template: str,
    about: str,
    workshop: Workshop | None,
    facts: dict[str, Any],
) -> str:
    posted = notices.post(
        session,
        template=template,
        to=person.id,
        about=about,
        facts=facts,
        key=f"{template}:{about}:{person.id}",
        workshop_id=None if workshop is None else workshop.id,
        now=make.NOW,
    )
    assert posted is not None
    code = notices.code_of(posted)
    session.get_one(Notice, posted).code = code
    session.flush()
    assert codes.parse_code(code) == code
    return code


def link(session: Session, scene: Scene, messenger: str) -> None:
    """Link a player's chat to the person of the scene, where there is one.

    A person without phone and mail is told of it nowhere, so their inbox stays as arranged.
    """
    person = scene.linked
    if person is None:
        return
    access.link(
        session,
        chat=ChatAddress(messenger, scene.audience, CHAT),
        person_id=person.id,
        masked_name=people.masked_name(person),
        language="fa",
        level=Level.CODE,
        now=make.NOW,
    )
