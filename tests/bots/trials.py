"""Dialogues of a pretended house: one of each thing the engine can do."""

from datetime import date
from itertools import count
from uuid import UUID

from pydantic import BaseModel

from api.client import Core
from api.client.knock import Door
from api.client.notices import OPENED
from api.identity.refusals import WrongCode
from api.kit import identifiers
from api.kit.language import _
from api.kit.money import Rials
from api.notices.schemas import NoticeOut
from bots import wording
from bots.talk import (
    Ask,
    Chosen,
    Confirm,
    Dialogues,
    Do,
    Finish,
    Link,
    Option,
    Say,
    Unclear,
    dialogue,
)
from tests.bots.pretend import PretendKnocker, core_on


class Offer(BaseModel):
    id: UUID
    cost: int
    day: date


class Case(BaseModel):
    number: str
    due: date


class Hello(BaseModel):
    digits: int


class Page(BaseModel):
    url: str


OFFER = Door[Offer]("POST", "/trial/offer", Offer)
REQUEST = Door[Case]("POST", "/trial/request", Case)
CLAIM = Door[Hello]("POST", "/trial/claim", Hello)
LINK = Door[Hello]("POST", "/trial/link", Hello)
PAGE = Door[Page]("POST", "/trial/page", Page)
PLACES = Door[list[str]]("GET", "/trial/places", list[str])


class Trial:
    """The pretended feature's client."""

    def __init__(self, knock: PretendKnocker) -> None:
        self.knock = knock

    async def offer(self, *, kind: str, loss: str | None, how: str, address: str | None) -> Offer:
        return await self.knock(OFFER, kind=kind, loss=loss, how=how, address=address)

    async def request(self, *, offer: UUID) -> Case:
        return await self.knock(REQUEST, offer=offer)

    async def claim(self, *, code: str, phone: str) -> Hello:
        return await self.knock(CLAIM, code=code, phone=phone)

    async def link(self, *, code: str) -> Hello:
        return await self.knock(LINK, code=code)

    async def page(self, *, what: str) -> Page:
        return await self.knock(PAGE, what=what)

    async def places(self) -> list[str]:
        return await self.knock(PLACES)


def trial(core: Core) -> Trial:
    return core.trial  # type: ignore[attr-defined, no-any-return]


KIND = [
    Option("first", _("The first one")),
    Option("renewal", _("A renewal")),
    Option("duplicate", _("A duplicate")),
]
LOSS = [Option("lost", _("Lost")), Option("stolen", _("Stolen")), Option("damaged", _("Damaged"))]
HOW = [Option("post", _("By post")), Option("another", _("To another address"))]


def an_address(text: str) -> str:
    if len(text) < 5:
        raise Unclear(_("An address has a street and a number."))
    return text


@dialogue("booklet", words=_("A booklet"), place=1, acting=True, keywords=("book",))
async def booklet(core: Core) -> None:
    kind = await Ask("kind", _("Which booklet?"), KIND, label=_("Kind"))
    loss = None
    if kind == "duplicate":
        loss = await Ask("loss", _("What happened to the old one?"), LOSS)
    how = await Ask("how", _("How shall it reach you?"), HOW)
    address = None
    if how == "another":
        address = await Ask("address", _("Which address?"), check=an_address)
    offer = await Do("offer", trial(core).offer, kind=kind, loss=loss, how=how, address=address)
    if await Confirm(
        _("{cost}, expected by {day}. Send it?"), cost=Rials(offer.cost), day=offer.day
    ):
        case = await Finish("request", trial(core).request, offer=offer.id)
        await Say(
            _("Request {number} is on its way; we expect it by {day}."),
            number=case.number,
            day=case.due,
        )


@dialogue("meeting", words=_("Link this chat"), place=0, start=True)
async def meeting(core: Core) -> None:
    await Say(_("We keep your number and nothing else."))
    contact = await Ask("contact", _("Share your number."), takes=("contact",))
    code = await Ask("code", _("Your national code?"), check=identifiers.national_code)
    await Do("claim", trial(core).claim, code=code, phone=contact.phone)
    for n in count(1):
        typed = await Ask(
            f"sms.{n}",
            _("The code?"),
            [Option("again", _("Send a new one"))],
            takes=("text",),
            secret=True,
        )
        if isinstance(typed, Chosen):
            continue
        try:
            await Finish(f"link.{n}", trial(core).link, code=typed)
        except WrongCode as no:
            await Say(wording.refusal(no))
        else:
            await Say(_("Linked."))
            return


@dialogue("places", words=_("Far places"), place=2, public=True, service="places")
async def places(core: Core) -> None:
    names = await Do("names", trial(core).places)
    where = await Ask(
        "where", _("Which place?"), [Option(str(n), name) for n, name in enumerate(names)]
    )
    pin = await Ask("pin", _("Where are you?"), takes=("location", "text"))
    paper = await Ask("paper", _("A photo of it?"), takes=("file",))
    await Say(_("{name}, {pin}, {paper}"), name=where, pin=str(pin), paper=paper.name)


@dialogue("about", words=_("About a notice"), menu=False, actions=("about_it",), acting=True)
async def about(core: Core, notice: str) -> None:
    opened = await Do("notice", core.notices.opened, code=notice)
    await Say(_("It says: {text}"), text=opened.text)


@dialogue("premium", words=_("A premium"), place=3, family=True)
async def premium(core: Core) -> None:
    what = await Ask(
        "what", _("What for?"), [Option("month", _("A month")), Option("year", _("A year"))]
    )
    page = await Do("page", trial(core).page, what=what)
    await Say(_("The page is open."), links=[Link(_("Pay"), page.url)])
    if (
        await Ask("more", _("Anything else?"), [Option("no", _("No")), Option("yes", _("Yes"))])
        == "yes"
    ):
        await Say(_("There is more."), links=[Link(_("See it"), f"{page.url}/more")])


@dialogue("of_family", words=_("Of the family"), menu=False, actions=("of_family",), family=True)
async def of_family(core: Core, notice: str) -> None:
    page = await Do("page", trial(core).page, what=notice)
    await Say(_("About the notice."), links=[Link(_("Pay"), page.url)])


DIALOGUES = Dialogues([booklet, meeting, places, about, premium, of_family])


def new_knocker(**kind: object) -> PretendKnocker:
    knocker = PretendKnocker(**kind)  # type: ignore[arg-type]
    cases = count(1)
    knocker.answers |= {
        OFFER: lambda **_facts: Offer(id=UUID(int=7), cost=12_500, day=date(2026, 12, 9)),
        REQUEST: lambda offer: Case(number=f"B-{next(cases)}", due=date(2026, 12, 9)),
        CLAIM: lambda code, phone: Hello(digits=6),
        LINK: lambda code: _linked(knocker, code),
        PAGE: lambda what: Page(url=f"https://pay.example/{what}/a-token-of-many-letters"),
        OPENED: lambda code: NoticeOut(
            code=code,
            template="trial",
            subject="it",
            day=date(2026, 12, 1),
            about="trial:1",
            grant_id=knocker.grants[-1].id,
            text="it is so",
            status="sent",
            actions=[],
        ),
        PLACES: lambda: [f"Place {n}" for n in range(1, 19)],
    }
    return knocker


def _linked(knocker: PretendKnocker, code: str) -> Hello:
    if code != "123456":
        raise WrongCode(left=3)
    knocker.linked = True
    knocker.proofs += 1
    return Hello(digits=6)


def new_core(knocker: PretendKnocker) -> Core:
    core = core_on(knocker)
    core.trial = Trial(knocker)  # type: ignore[attr-defined]
    return core
