"""Commands of the operator that die in the middle of their work and are simply typed again."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, insert, select, text, update

from api.access import persons
from api.access import service as access
from api.access.models import ApiKey, ChatLink, Grant
from api.access.rules import ChatAddress, Level
from api.audit.models import Entry
from api.booklets import service as booklets
from api.booklets.rules import Stage
from api.files import service as files
from api.files.rules import Purpose
from api.kit.sealing import Keyring
from api.kit.slices import SIZE
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices import service as notices
from api.notices.models import Delivery, Notice
from api.notices.rules import NoticeStatus, Status
from api.organisation.models import Holiday, RuleTable
from api.payments.models import Credit, PaymentAttempt
from api.payments.rules import AttemptState, CreditState
from api.requests import service as requests
from api.requests.models import RequestStage
from api.templates.catalogue import TEMPLATES
from bots.inbox import ADDRESS
from bots.tables import chats
from tests.faults import country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import make, papers

LOADED = SIZE + 7
PEOPLE = 20
RESEALED = "memory.resealed"


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Type a command, let it die at a point, type it again."""
    point = death.point.rpartition(".")[0]
    return COMMANDS[point](open_world(dialect, talks=point == RESEALED), death)


def _load(world: World, death: Death) -> Tally:
    """A file of more than a slice is in the store once, whole, after two loads."""
    file = world.folder / "holidays.csv"
    days = (f"{1300 + at // 336}/{at // 28 % 12 + 1:02d}/{at % 28 + 1:02d}" for at in range(LOADED))
    file.write_text("day,name\n" + "".join(f"{day},تعطیل\n" for day in days), encoding="utf-8")
    _killed(world, death, "load", "holidays", str(file))
    _done(world, "load", "holidays", str(file))
    with world.store.reading() as session:
        found = session.scalar(select(func.count()).select_from(Holiday)) or 0
    return Tally(lost=max(0, LOADED - found), twice=max(0, found - LOADED))


def _rotate(world: World, death: Death) -> Tally:
    """Every sealed value opens after a rotation that died and was finished, with the new key alone."""
    with world.store.writing("arranged") as session:
        for number in range(PEOPLE):
            who = country.holder(number)
            make.person(session, national_code=who.national_code, phone=who.phone)
    _killed(world, death, "keys", "rotate")
    _done(world, "keys", "rotate")
    ring = Keyring.load(Path(world.env["API_KEYS"]))
    with world.store.reading() as session:
        sealed = session.scalars(text("SELECT phone FROM people")).all()
    opened = {ring.open(bytes(one), context="people.phone") for one in sealed}
    stale = [one for one in sealed if not ring.sealed_with_current(bytes(one))]
    assert not stale, "the rotation was not finished"
    return Tally(lost=PEOPLE - len(opened))


def _rotate_memory(world: World, death: Death) -> Tally:
    """Every chat's address opens after a rotation of the bots' keys that died and was finished."""
    assert world.memory is not None
    ring = Keyring.load(Path(world.env["BOTS_KEYS"]))
    with world.memory.writing("arranged") as session:
        session.execute(
            insert(chats),
            [
                {
                    "key": f"{number:032d}",
                    "bot": world.bot,
                    "address": ring.seal(str(number), context=ADDRESS),
                    "arrived": 0,
                }
                for number in range(PEOPLE)
            ],
        )
    _killed(world, death, "keys", "rotate", room="bots")
    _done(world, "keys", "rotate", room="bots")
    ring = Keyring.load(Path(world.env["BOTS_KEYS"]))
    with world.memory.reading() as session:
        sealed = session.scalars(select(chats.c.address)).all()
    opened = {ring.open(bytes(one), context=ADDRESS) for one in sealed}
    stale = [one for one in sealed if not ring.sealed_with_current(bytes(one))]
    assert not stale, "the rotation was not finished"
    return Tally(lost=PEOPLE - len(opened))


def _rules(world: World, death: Death) -> Tally:
    """The rule tables are in force once after a release that died and was run again."""
    with world.store.writing("arranged") as session:
        wanted = session.scalar(select(func.count()).select_from(RuleTable)) or 0
        session.execute(text("DELETE FROM rule_tables"))
    assert wanted, "a release loads rule tables"
    _killed(world, death, "migrate")
    _done(world, "migrate")
    with world.store.reading() as session:
        found = session.scalar(select(func.count()).select_from(RuleTable)) or 0
    return Tally(lost=max(0, wanted - found), twice=max(0, found - wanted))


def _add(world: World, death: Death) -> Tally:
    """A key is there whole or not at all; one that was made but never shown can be ended."""
    _killed(world, death, "machines", "add", "payroll", "--scope", "debts")
    made = _keys(world)
    assert made == (1 if death.point.endswith(".after") else 0)
    if made:
        _done(world, "machines", "end", "payroll")
    else:
        _done(world, "machines", "add", "payroll", "--scope", "debts")
    return Tally(lost=1 - _keys(world, lasting=False))


def _end(world: World, death: Death) -> Tally:
    """After its commit a key is ended, before it lasts and can be ended."""
    _done(world, "machines", "add", "payroll", "--scope", "debts")
    _killed(world, death, "machines", "end", "payroll")
    if death.point.endswith(".before"):
        _done(world, "machines", "end", "payroll")
    return Tally(lost=_keys(world))


def _end_chats(world: World, death: Death) -> Tally:
    """What a chat of another may do for somebody ends once, and both are told once."""
    who = country.holder(1)
    with world.store.writing("arranged") as session:
        mother = make.person(session, national_code=who.national_code, phone=who.phone)
        chat = access.link(
            session,
            chat=ChatAddress("telegram", "people", "501"),
            person_id=make.person(session).id,
            masked_name="د*** آ***",
            language="en",
            level=Level.CODE,
            now=country.now(),
        )
        persons.add(
            session,
            link_id=chat.id,
            person_id=mother.id,
            number_index=mother.phone_index or b"",
            now=country.now(),
        )
    ended = ("chats", "end", "--national-code", who.national_code)
    _killed(world, death, *ended)
    _done(world, *ended)
    with world.store.reading() as session:
        lasting = session.scalars(select(Grant).where(Grant.ended_at.is_(None))).all()
    told = [_told(world, template) for template in ("person_ended", "person_left")]
    return Tally(lost=len(lasting) + told.count(0), twice=sum(max(0, one - 1) for one in told))


def _refunded(world: World, death: Death) -> Tally:
    """A credit is given back once in the ledger, however often that is noted."""
    with world.store.writing("arranged") as session:
        credit = country.credit(session, country.payer(session, 1))
        credit.state, credit.refund_asked_at = CreditState.REFUND_ASKED, country.now()
        credit_id, amount = credit.id, credit.amount
    _killed(world, death, "payments", "refunded", str(credit_id))
    _done(world, "payments", "refunded", str(credit_id))
    with world.store.reading() as session:
        state = session.get_one(Credit, credit_id).state
        given = -ledger.balance(session, Kind.REFUNDS)
    is_over = state is CreditState.REFUNDED
    return Tally(lost=int(given < amount or not is_over), twice=int(given > amount))


def _paid(world: World, death: Death) -> Tally:
    """A payment ended by hand as paid is in the ledger once, and its payer is told once."""
    with world.store.writing("arranged") as session:
        attempt_id = country.unanswered(session, country.payer(session, 1))
    ended = ("payments", "paid", str(attempt_id), "--reference", "8827364510")
    _killed(world, death, *ended)
    _done(world, *ended)
    with world.store.reading() as session:
        amount = session.get_one(PaymentAttempt, attempt_id).amount
        kept = ledger.balance(session, Kind.BANK)
    told = _told(world, "payment_receipt")
    return Tally(lost=int(kept < amount) + int(not told), twice=int(kept > amount or told > 1))


def _unpaid(world: World, death: Death) -> Tally:
    """A payment ended by hand as not paid moves no money, and its payer is told once."""
    with world.store.writing("arranged") as session:
        attempt_id = country.unanswered(session, country.payer(session, 1))
    _killed(world, death, "payments", "unpaid", str(attempt_id))
    _done(world, "payments", "unpaid", str(attempt_id))
    with world.store.reading() as session:
        is_over = session.get_one(PaymentAttempt, attempt_id).state is AttemptState.FAILED
        kept = ledger.balance(session, Kind.BANK)
    told = _told(world, "payment_unpaid")
    return Tally(lost=int(not is_over or not told), twice=int(bool(kept) or told > 1))


def _told(world: World, template: str) -> int:
    """How many notices of a template there are."""
    with world.store.reading() as session:
        wanted = select(func.count()).select_from(Notice).where(Notice.template == template)
        return session.scalar(wanted) or 0


def _advance(world: World, death: Death) -> Tally:
    """After its commit a request is where it was sent, before it can be sent; one word is said of it."""
    with world.store.writing("arranged") as session:
        person = country.payer(session, 1).person
        country.recorded(session, person)
        offer = booklets.offer(
            session, person_id=person.id, wish=country.renewal(person), now=country.now()
        )
        number = booklets.request(
            session, person_id=person.id, offer_id=offer.id, now=country.now()
        ).number
    advance = ("request", "advance", number, Stage.PRINTED.value)
    _killed(world, death, *advance)
    moved = int(death.point.endswith(".after"))
    assert _printed(world) == (moved, moved), "the move and the word about it are one"
    if not moved:
        _done(world, *advance)
    moves, told = _printed(world)
    return Tally(lost=2 - min(moves, 1) - min(told, 1), twice=max(0, moves - 1, told - 1))


def _looked(world: World, death: Death) -> Tally:
    """Nobody sees a paper without its being written down; typed again, it is there."""
    with world.store.writing("arranged") as session:
        person = country.payer(session, 1).person
        country.recorded(session, person)
        begun = requests.begin(
            session,
            kind="booklet",
            person_id=person.id,
            subject_id=person.id,
            only=None,
            stage=Stage.ENTITLEMENT_CHECKED,
            due_on=None,
            now=country.now(),
        )
        kept = files.keep(
            session,
            person_id=person.id,
            purpose=Purpose.LOSS_PAPER,
            content=papers.pdf(),
            sha256=sha256(papers.pdf()).digest(),
            channel="telegram",
            now=country.now(),
        )
        kept.request_id, kept.expires_at = begun.id, None
        number = begun.number
    folder = world.folder / "papers"
    look = ("request", "papers", number, "--into", str(folder))
    _killed(world, death, *look)
    assert not folder.exists(), "what is seen was written down before"
    _done(world, *look)
    with world.store.reading() as session:
        looks = session.scalars(select(Entry).where(Entry.verb == "files.read")).all()
    written = [one.read_bytes() for one in folder.iterdir()]
    return Tally(lost=int(not looks) + int(written != [papers.pdf()]))


def _exported(world: World, death: Death) -> Tally:
    """Nobody sees what is held of a person without its being written down; typed again, it is there."""
    who = country.holder(1)
    with world.store.writing("arranged") as session:
        make.person(session, national_code=who.national_code, phone=who.phone)
    file = world.folder / "held.json"
    export = ("people", "export", "--into", str(file), "--national-code", who.national_code)
    _killed(world, death, *export)
    assert not file.exists(), "what is seen was written down before"
    _done(world, *export)
    with world.store.reading() as session:
        looks = session.scalars(select(Entry).where(Entry.verb == "people.export")).all()
    return Tally(lost=int(not looks) + int(who.phone not in file.read_text(encoding="utf-8")))


def _erased(world: World, death: Death) -> Tally:
    """A person who is erased has no chat any more, and hears of it once."""
    who = country.holder(1)
    with world.store.writing("arranged") as session:
        person = make.person(session, national_code=who.national_code, phone=who.phone)
        access.link(
            session,
            chat=ChatAddress("telegram", "people", "501"),
            person_id=person.id,
            masked_name="د*** آ***",
            language="en",
            level=Level.CODE,
            now=country.now(),
        )
    erase = ("people", "erase", "--national-code", who.national_code)
    _killed(world, death, *erase)
    _done(world, *erase)
    with world.store.reading() as session:
        lasting = session.scalars(select(ChatLink).where(ChatLink.ended_at.is_(None))).all()
    told = _told(world, "links_ended")
    return Tally(lost=len(lasting) + int(not told), twice=max(0, told - 1))


def _again(world: World, death: Death) -> Tally:
    """What failed has one notice in its place, however often it is sent again."""
    with world.store.writing("arranged") as session:
        notices.post(
            session,
            template="debt_notice",
            to=make.person(session).id,
            about="debt:1",
            facts=TEMPLATES["debt_notice"].example.model_dump(mode="json"),
            key="failed",
            now=country.now(),
        )
        session.execute(update(Notice).values(status=NoticeStatus.FAILED))
        session.execute(
            update(Delivery).values(
                status=Status.TECHNICAL_FAILURE, reason="bot_refused", due_at=None
            )
        )
    _killed(world, death, "notices", "again", "bot_refused")
    if death.point.endswith(".before"):
        _done(world, "notices", "again", "bot_refused")
    with world.store.reading() as session:
        statuses = session.scalars(select(Notice.status)).all()
    waiting = statuses.count(NoticeStatus.WAITING)
    assert statuses.count(NoticeStatus.CANCELLED) == 1
    return Tally(lost=int(not waiting), twice=max(0, waiting - 1))


def _printed(world: World) -> tuple[int, int]:
    """How often a request came to be printed, and how many notices say so."""
    with world.store.reading() as session:
        stages = session.scalars(select(RequestStage.stage)).all()
        told = session.scalars(select(Notice.facts).where(Notice.template == "request_stage")).all()
    return stages.count(Stage.PRINTED), sum(one["stage"] == Stage.PRINTED for one in told)


COMMANDS: Mapping[str, Callable[[World, Death], Tally]] = {
    "chats.end": _end_chats,
    "keys.slice": _rotate,
    "load.slice": _load,
    "machines.add": _add,
    "machines.end": _end,
    RESEALED: _rotate_memory,
    "notices.again": _again,
    "payments.end_as_paid": _paid,
    "payments.end_as_unpaid": _unpaid,
    "payments.refunded": _refunded,
    "people.erase": _erased,
    "people.export": _exported,
    "requests.advance": _advance,
    "requests.papers": _looked,
    "rules.load": _rules,
}
POINTS = tuple(COMMANDS)


def _killed(world: World, death: Death, *arguments: str, room: str = "api") -> None:
    process = world.run(room, *arguments, dies_at=death)
    assert process.wait(PATIENCE) == -9, process.said()


def _done(world: World, *arguments: str, room: str = "api") -> None:
    process = world.run(room, *arguments)
    assert process.wait(PATIENCE) == 0, process.said()


def _keys(world: World, *, lasting: bool = True) -> int:
    asked = select(func.count()).select_from(ApiKey)
    if lasting:
        asked = asked.where(ApiKey.ended_at.is_(None))
    with world.store.reading() as session:
        return session.scalar(asked) or 0
