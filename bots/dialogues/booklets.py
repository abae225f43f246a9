"""A health insurance booklet: for whom, which, how it comes, and its request."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from uuid import UUID

from api.booklets.refusals import OfferExpired, RequestOpen
from api.booklets.rules import Kind, LineCode, Loss, Stage, Way, is_looked_at_first
from api.booklets.schemas import (
    LONGEST_ADDRESS,
    SHORTEST_ADDRESS,
    BookletOut,
    LineOut,
    OfferOut,
    Terms,
)
from api.client import Core
from api.errors import Invalid
from api.files.refusals import FileNotFound
from api.files.rules import Purpose
from api.kit import identifiers
from api.kit.language import Sentence, _
from api.kit.money import Rials
from api.kit.text import Public
from api.organisation.schemas import BranchNear
from api.people.rules import Relation
from api.people.schemas import Family, MemberOut
from bots import talk, wording
from bots.dialogues import requests
from bots.dialogues.lines import lines
from bots.fetching import contents
from bots.reply import LINES
from bots.talk import (
    Ask,
    Confirm,
    Do,
    File,
    Finish,
    Option,
    Pin,
    Place,
    Say,
    Show,
    Unclear,
    dialogue,
)

_SERVICE = "booklets"
_MAPPED = 3
"""So many branches are shown on a map, each a message of its own."""

_ME = Option("me", _("For me"))
_THEM = Option("me", _("For themself"))
_PAY = Option("pay", _("Pay"))
_DONE = Option("done", wording.THAT_IS_ALL)

_KINDS = (
    Option(Kind.FIRST, _("The first one")),
    Option(Kind.RENEWAL, _("Its pages are full")),
    Option(Kind.VALIDITY, _("Its validity is over")),
    Option(Kind.DUPLICATE, _("In place of the old")),
)
_LOSSES = (
    Option(Loss.LOST, _("It is lost")),
    Option(Loss.STOLEN, _("It was stolen")),
    Option(Loss.DAMAGED, _("It is damaged")),
)
_NO_PAPER = Option("none", _("I have none"))
_RELATIONS = {
    Relation.SPOUSE: _("spouse"),
    Relation.CHILD: _("child"),
    Relation.PARENT: _("parent"),
}


@dialogue(
    "booklet",
    words=_("Health booklet").by_sms(_("Booklet")),
    audiences=("people",),
    place=30,
    persons=True,
    service=_SERVICE,
    keywords=("book", "booklet", "4", "دفترچه"),
    sms="4",
)
async def booklet(core: Core) -> None:
    """Ask what is wanted, say what it costs and when it comes, and send the request."""
    whom = await _whom(await Do("family", core.people.family))
    kind = Kind(await Ask("kind", _("Which booklet would you like?"), _KINDS, label=_("Booklet")))
    loss = None
    if kind is Kind.DUPLICATE:
        loss = Loss(await Ask("loss", _("What happened to the old one?"), _LOSSES))
    paper = await _paper(core) if loss is Loss.STOLEN else None
    how = await _how(await Do("terms", core.booklets.terms))
    address = postal_code = branch = None
    if how is Way.ANOTHER:
        address = await Ask(
            "address",
            _("To which address? Town, street, alley and number, please."),
            check=an_address,
            label=_("Address"),
            longest=LONGEST_ADDRESS,
        )
        postal_code = await Ask(
            "postal", _("And its postal code of ten digits?"), check=identifiers.postal_code
        )
    if how is Way.BRANCH:
        branch = await _branch(core)
        if branch is None:
            await Say(_("No branch hands out booklets now. Please come back another day."))
            return
    for turn in count(1):
        try:
            offer = await Do(
                f"offer.{turn}",
                core.booklets.offer,
                whom=whom,
                kind=kind,
                loss=loss,
                how=how,
                address=address,
                postal_code=postal_code,
                branch=branch,
                paper=paper,
            )
            if not await Confirm(offered(offer, loss, paper), step=f"confirm.{turn}"):
                return
            made = await Finish(f"request.{turn}", core.booklets.request, offer=offer.id)
        except RequestOpen as no:
            await _shown_instead(core, no)
            return
        except OfferExpired as no:
            await Say(wording.refusal(no))
        else:
            await _made(core, made)
            return


async def _whom(family: Family) -> UUID | None:
    """For which of a family: None for the person themself; asked only where there is somebody else."""
    if not family.items:
        return None
    options = [
        _ME if talk.for_oneself() else _THEM,
        *(Option(str(one.id), _member(one)) for one in family.items),
    ]
    whom = await Ask("whom", _("For whom?"), options)
    return None if whom == _ME.id else UUID(whom)


def _member(member: MemberOut) -> Sentence:
    return _("{name}, {relation}").using(name=member.name, relation=_RELATIONS[member.relation])


async def _paper(core: Core) -> UUID | None:
    """The paper of the police or a court, kept; None where there is none to show."""
    for turn in count(1):
        sent = await Ask(
            f"paper.{turn}",
            _(
                "With the paper of the police or a court about the theft there is no fee. "
                "Please send a photo or a PDF of it."
            ),
            [_NO_PAPER],
            takes=("file",),
            label=_("Paper"),
        )
        if not isinstance(sent, File):
            return None
        try:
            kept = await Do(
                f"kept.{turn}",
                core.files.keep,
                purpose=Purpose.LOSS_PAPER,
                content=contents(sent),
            )
        except (Invalid, FileNotFound) as no:
            await Say(wording.refusal(no))
        else:
            return kept.id
    return None


async def _how(terms: Terms) -> Way:
    """How it comes: the registered address is offered where there is one, and shown masked."""
    options = [Option(Way.ANOTHER, _("To another address")), Option(Way.BRANCH, _("I collect it"))]
    if terms.registered_address is None:
        options[0] = Option(Way.ANOTHER, _("By post"))
    else:
        words = _("By post to {address}").using(address=terms.registered_address)
        options.insert(0, Option(Way.REGISTERED, words))
    return Way(await Ask("how", _("How shall it reach you?"), options))


def an_address(text: str) -> str:
    """Take what a letter can be sent to; raises Unclear for a word or two."""
    if len(text) < SHORTEST_ADDRESS:
        raise Unclear(_("Please write the whole address: town, street, alley and number."))
    return text


async def _branch(core: Core) -> UUID | None:
    """The branch where it is collected: near a pin, of a town, or of a province; None if none is."""
    place = await Ask(
        "place",
        _("Where are you? Share your place, or write the name of your town.").by_sms(
            _("In which town are you?")
        ),
        takes=("location", "text"),
        longest=100,
        label=_("Near"),
    )
    if isinstance(place, Place):
        near = await Do(
            "near",
            core.organisation.near,
            latitude=place.latitude,
            longitude=place.longitude,
            service=_SERVICE,
        )
    else:
        near = await Do("near", core.organisation.near, place=place, service=_SERVICE)
    if not near.items and near.provinces:
        options = [Option(f"p{number}", Public(name)) for number, name in enumerate(near.provinces)]
        chosen = await Ask(
            "province",
            _("We found no branch within 50 km of it. Which province, please?"),
            options,
            label=_("Province"),
        )
        province = near.provinces[int(chosen.removeprefix("p"))]
        near = await Do("there", core.organisation.near, province=province, service=_SERVICE)
    if not near.items:
        return None
    await Show(_pins(near.items))
    options = [Option(str(one.id), _branch_label(one)) for one in near.items]
    return UUID(await Ask("branch", _which(near.items), options, label=_("Branch")))


def _pins(branches: Sequence[BranchNear]) -> list[Pin]:
    """The branches on a map, where they are few and their places known."""
    return [
        Pin(one.latitude, one.longitude, one.name, one.address)
        for one in branches
        if len(branches) <= _MAPPED and one.latitude is not None and one.longitude is not None
    ]


def _which(branches: Sequence[BranchNear]) -> Sentence:
    """The question, under where the branches are and when they are open, while they fit a page."""
    rows = [
        _("{name:digits}: {address:digits}. Open: {hours:digits}")
        .by_sms(_("{name:digits}: {address:digits}"))
        .using(name=Public(one.name), address=Public(one.address), hours=Public(one.hours))
        for one in branches
    ]
    return lines(*(rows if len(rows) < LINES else []), _("Which of these?"))


def _branch_label(branch: BranchNear) -> Sentence | str:
    if branch.distance_km is None:
        return _("{name:digits} · {city}").using(name=Public(branch.name), city=Public(branch.city))
    return _("{name:digits} · {km} km").using(
        name=Public(branch.name), km=Decimal(str(branch.distance_km))
    )


def offered(offer: OfferOut, loss: Loss | None, paper: UUID | None) -> Sentence:
    """Say what it costs and why, and by when it is expected."""
    codes = [line.code for line in offer.lines]
    believed = is_looked_at_first(codes, paper=paper is not None)
    first = _("To be paid first: {cost:toman}.")
    later = _("To be paid when your paper was looked at: {cost:toman}.")
    return lines(
        *map(_cost, offer.lines),
        (later if believed else first).using(cost=Rials(offer.cost))
        if offer.cost
        else _("It costs nothing."),
        _("On the word of your paper there is no fee; somebody looks at it first.")
        if believed and not offer.cost
        else _("On the word of your paper the duplicate itself has no fee.")
        if believed
        else _("With the paper of the police or a court there would be no fee.")
        if loss is Loss.STOLEN and paper is None
        else None,
        _("We expect it by {due_on:short}.").using(due_on=offer.day),
    )


def _cost(line: LineOut) -> Sentence:
    amount = Rials(line.amount)
    if line.code is LineCode.DELIVERY:
        return _("Delivery: {amount}").using(amount=amount)
    words = (
        _("Fee of a further duplicate: {amount} ({percent} per cent of the daily minimum wage)")
        if line.facts["again"]
        else _("Fee of a first duplicate: {amount} ({percent} per cent of the daily minimum wage)")
    )
    return words.by_sms(_("For a duplicate: {amount}")).using(
        amount=amount, percent=Decimal(line.facts["percent"])
    )


async def _made(core: Core, made: BookletOut) -> None:
    """Say what number it has and what comes now; a fee can be paid at once."""
    if made.stage is Stage.ENTITLEMENT_CHECKED:
        await Say(
            _(
                "Request {number:digits} is kept. Somebody looks at your paper first; "
                "we write at every step."
            ),
            number=Public(made.number),
        )
        return
    if made.stage is not Stage.FEE_DUE or made.bill is None:
        await Say(
            _(
                "Request {number:digits} is on its way; we expect it by {day:short}. "
                "We write at every step."
            ),
            number=Public(made.number),
            day=made.due,
        )
        return
    await Say(
        _("Request {number:digits} is kept. It goes on when the fee of {amount:toman} is paid."),
        number=Public(made.number),
        amount=Rials(made.cost),
    )
    if await Ask("fee", wording.WHAT_NEXT, [_PAY, _DONE]) == _PAY.id:
        await requests.paid(core, made.bill, turn=0)


async def _shown_instead(core: Core, no: RequestOpen) -> None:
    """Show the request that is on its way already, where it is one's own."""
    await Say(wording.refusal(no))
    number = no.params.get("number")
    if number is None:
        return
    details = await Do("open", core.requests.show, number=number)
    today = await Do("today", core.organisation.today)
    await requests.followed(core, details, today.day, turn=0, others=False)
