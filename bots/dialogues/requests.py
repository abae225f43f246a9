"""My requests: where each of them is, by when it is expected, what is to be done, and how it went."""

from collections.abc import Mapping
from datetime import date
from itertools import count
from types import MappingProxyType
from uuid import UUID

from api.booklets.rules import REQUEST_KIND, Stage
from api.client import Core
from api.errors import NotFound
from api.kit.language import Sentence, _
from api.kit.money import Rials
from api.kit.text import Public
from api.payments.refusals import BillBeingChecked, BillClosed, NothingToPay, PayingUnavailable
from api.requests.refusals import NotDelivered, RequestNotFound
from api.requests.rules import DELIVERED, SATISFIED, Satisfaction, number_in, request_number
from api.requests.schemas import RequestDetails, RequestOut, StageOut
from bots import talk, wording
from bots.dialogues.bill_words import numbers
from bots.dialogues.lines import lines
from bots.talk import Ask, Do, Finish, Link, Option, Say, dialogue

# In the words of the notices that tell of them (api/templates/facts/requests.py).
_STAGES: Mapping[str, Sentence] = MappingProxyType({
    Stage.REQUESTED: _("received"),
    Stage.ENTITLEMENT_CHECKED: _("cover checked"),
    Stage.FEE_DUE: _("waiting for the fee"),
    Stage.ISSUED: _("accepted"),
    Stage.PRINTED: _("printed"),
    Stage.HANDED_TO_POST: _("handed to the post"),
    Stage.READY_AT_BRANCH: _("ready at the branch"),
    Stage.DELIVERED: _("delivered"),
    Stage.RETURNED: _("came back undelivered"),
    Stage.REJECTED: _("not approved"),
    Stage.CANCELLED: _("cancelled"),
})  # fmt: skip
_KINDS: Mapping[str, Sentence] = MappingProxyType({REQUEST_KIND: _("health insurance booklet")})
_AWAITED = frozenset({Stage.ISSUED, Stage.PRINTED, Stage.HANDED_TO_POST})

_PAY = _("Pay")
_PAYING = Option("pay", _PAY)
_RATE = _("Say how it went")
_RATING = Option("rate", _RATE)
_OTHERS = Option("others", _("My other requests"))
_NUMBER = Option("number", _("Another number"), stays=True)
_DONE = Option("done", wording.THAT_IS_ALL)
_ANSWERS = (
    Option(Satisfaction.VERY_SATISFIED, _("Very satisfied")),
    Option(Satisfaction.SATISFIED, _("Satisfied")),
    Option(Satisfaction.NEITHER, _("Neither yes nor no")),
    Option(Satisfaction.UNSATISFIED, _("Not satisfied")),
    Option(Satisfaction.VERY_UNSATISFIED, _("Not satisfied at all")),
)


@dialogue(
    "requests",
    words=_("My requests"),
    audiences=("people",),
    place=40,
    persons=True,
    keywords=("request", "track", "5", "درخواست", "درخواست‌ها", "پیگیری"),
)
async def requests(core: Core) -> None:
    """List what was asked for, and follow the one that is chosen or whose number is written."""
    page = await Do("page", core.requests.mine)
    today = await Do("today", core.organisation.today)
    if not page.items:
        await Say(_("You have no request here yet."))
        return
    options = [Option(one.number, _label(one)) for one in page.items]
    for turn in count(1):
        number = await Ask(f"request.{turn}", _("Which request?"), [*options, _NUMBER])
        if number == _NUMBER.id:
            number = await Ask(
                f"number.{turn}", _("Please write the number of the request."), check=request_number
            )
        try:
            details = await Do(f"details.{turn}", core.requests.show, number=number)
        except RequestNotFound as no:
            await Say(wording.refusal(no))
            continue
        if not await followed(core, details, today.day, turn=turn, others=True):
            return


@dialogue(
    "request_details",
    words=_("Follow the request"),
    audiences=("people",),
    menu=False,
    actions=("request_details",),
)
async def request_details(core: Core, notice: str) -> None:
    """Follow the request that a notice told of."""
    details = await _told_of(core, notice)
    if details is None:
        return
    today = await Do("today.0", core.organisation.today)
    if await followed(core, details, today.day, turn=0, others=True):
        await requests(core)


@dialogue(
    "rate_request",
    words=_RATE,
    audiences=("people",),
    menu=False,
    actions=("rate_request",),
)
async def rate_request(core: Core, notice: str) -> None:
    """Take how satisfied somebody is with what a notice said was delivered."""
    details = await _told_of(core, notice)
    if details is not None:
        await rated(core, details.number, turn=0)


async def _told_of(core: Core, notice: str) -> RequestDetails | None:
    """The request that a notice told of; None where it was said that there is none."""
    try:
        told = await Do("told", core.notices.opened, code=notice)
        number = number_in(told.about)
        if number is None:
            raise RequestNotFound
        details = await Do("details.0", core.requests.show, number=number)
    except NotFound:
        await Say(wording.refusal(RequestNotFound()))
        return None
    return details


async def followed(
    core: Core, details: RequestDetails, today: date, *, turn: int, others: bool
) -> bool:
    """Say how far a request came, and offer what can be done; True where others are wanted.

    What it waits for can be paid, and of what was delivered it can be said how it went.
    """
    await Say(told(details, today))
    bill = fee_of(details)
    unsaid = details.stage == DELIVERED and details.satisfaction is None
    offered = [*([_PAYING] if bill else []), *([_RATING] if unsaid else [])]
    if not offered and not others:
        return False
    after = [_OTHERS, _DONE] if others else [_DONE]
    chosen = await Ask(f"next.{turn}", wording.WHAT_NEXT, [*offered, *after])
    if chosen == _PAYING.id and bill is not None:
        await paid(core, bill, turn=turn)
    if chosen == _RATING.id:
        await rated(core, details.number, turn=turn)
    return chosen == _OTHERS.id


async def rated(core: Core, number: str, *, turn: int) -> None:
    """Ask the one question of a request that was delivered, and keep the answer."""
    asked = _("How satisfied are you with how request {number:digits} went?").using(
        number=Public(number)
    )
    said = Satisfaction(await Ask(f"rating.{turn}", asked, _ANSWERS))
    try:
        await Finish(f"rated.{turn}", core.requests.satisfied, number=number, satisfaction=said)
    except NotDelivered as no:
        await Say(wording.refusal(no))
        return
    await Say(_("Thank you, your answer is noted."))
    if said not in SATISFIED:
        await Say(_("If something is still to be done, your branch can help: write “a person”."))


async def paid(core: Core, bill: UUID, *, turn: int) -> None:
    """Open the page on which a fee is paid, or say the numbers it is paid with."""
    if not talk.opens_pages():
        await Say(numbers(await Do(f"fee.{turn}", core.bills.show, bill=bill)))
        return
    try:
        page = await Do(f"link.{turn}", core.payments.link, bills=[bill])
    except (BillBeingChecked, BillClosed, NothingToPay, PayingUnavailable) as no:
        await Say(wording.refusal(no))
        return
    await Say(
        lines(
            _("To pay: {amount:toman}, {what}.").using(
                amount=Rials(page.amount), what=_("the fee of the booklet")
            ),
            _("The page stays open until {moment:plain}. The receipt comes here by itself.").using(
                moment=page.expires_at
            ),
        ),
        links=[Link(_PAY, page.url)],
    )


def fee_of(details: RequestDetails) -> UUID | None:
    """The bill a request waits for; None where it waits for none."""
    last = details.stages[-1]
    return UUID(last.note["bill"]) if last.stage == Stage.FEE_DUE else None


def told(details: RequestDetails, today: date) -> Sentence:
    """Say where a request is, what belongs to that, and the way it came."""
    return lines(
        _("Request {number:digits}, {what}: {stage}.").using(
            number=Public(details.number), what=_what(details), stage=_stage(details.stage)
        ),
        _("For: {name}").using(name=details.for_whom) if details.for_whom else None,
        _noted(details.stages[-1]),
        _awaited(details, today),
        "",
        *(
            _("{day:plain}: {stage}").using(day=one.on, stage=_stage(one.stage))
            for one in details.stages
        ),
    )


def in_short(details: RequestDetails, today: date) -> Sentence:
    """Say where a request is, since when and by when, for an SMS."""
    return lines(
        _("Request {number:digits}: {stage} since {day:plain}.").using(
            number=Public(details.number), stage=_stage(details.stage), day=details.stages[-1].on
        ),
        _noted(details.stages[-1]),
        _awaited(details, today),
    )


def _label(request: RequestOut) -> Sentence:
    return _("{number:digits} · {stage}").using(
        number=Public(request.number), stage=_stage(request.stage)
    )


def _what(request: RequestOut) -> Sentence | str:
    return _KINDS.get(request.kind, request.kind)


def _stage(stage: str) -> Sentence | str:
    return _STAGES.get(stage, stage)


def _noted(last: StageOut) -> Sentence | None:
    """What was noted at the stage it is at."""
    note = last.note
    if "tracking" in note:
        return _("Tracking number of the post: {tracking:digits}").using(
            tracking=Public(note["tracking"])
        )
    if "reason" in note:
        return _("Why: {reason:digits}").using(reason=note["reason"])
    if "amount" in note and last.stage == Stage.CANCELLED:
        return _("Its fee of {amount:toman} was not paid in time. You can ask anew.").using(
            amount=Rials(note["amount"])
        )
    if "amount" in note:
        return _("It goes on when the fee of {amount:toman} is paid.").using(
            amount=Rials(note["amount"])
        )
    return None


def _awaited(details: RequestDetails, today: date) -> Sentence | None:
    """By when it is expected; and where that day is over, the way on."""
    if details.due_on is None or details.stage not in _AWAITED:
        return None
    if today <= details.due_on:
        return _("We expect it by {due_on:short}.").using(due_on=details.due_on)
    return _(
        "We expected it by {day:short}, and it is late. Your branch can help: write “a person”."
    ).using(day=details.due_on)
