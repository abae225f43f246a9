"""The first meeting: who somebody is, proved by a fact and a code, and the chat linked to them."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

from api.access.schemas import GrantOut
from api.client import Core
from api.identity.refusals import (
    BranchOnly,
    ClaimOver,
    CodeExpired,
    CoolDown,
    Locked,
    NoChoice,
    TooManyClaims,
    TooManyCodes,
    WrongCode,
    WrongFact,
)
from api.identity.rules import Question
from api.identity.schemas import ClaimOut, CodeSent, Welcome
from api.kit import identifiers
from api.kit.calendar import BadDate, Month, parse_day
from api.kit.language import Language, Private, Sentence, _, _n
from api.kit.speech import Speech
from api.kit.text import Code, ascii_digits
from bots import talk, wording
from bots.dialogues.lines import lines
from bots.talk import Ask, Chosen, Do, Finish, Option, Say, Unclear, dialogue
from bots.understanding import alike

T = TypeVar("T")

_UNSURE = Option("unsure", _("I do not know it"))
_NONE = Option("none", _("None of these"))
_AGREED = _("You can unlink the chat whenever you like. Do you agree?").by_sms(
    _("You can unlink it whenever you like. Do you agree?")
)
_SHALL_WE_SEND = _("Shall we send the code now?")
_LONGEST = 40
_GREETED = 8
"""So many workplaces are named in the greeting."""

_NUMBERS = re.compile(r"[0-9]+")
_NO_LETTERS = re.compile(r"[\W\d_]+")

_OFFERS = {
    "people": _("Here you see your record and your bills, pay them, and ask for a booklet.").by_sms(
        _("You see your record and your bills.")
    ),
    "employers": _(
        "Here we tell you of your workplaces' debts, and you can ask about them at any time."
    ).by_sms(_("You hear of your workplaces' debts.")),
}
# By the question of the claim: a fact that stands on no paper.
_MONTHS = {
    Question.FIRST_MONTH: lines(
        _("Which year and month is the first on your insurance record?").by_sms(
            _("Which month is the first on your record?")
        ),
        _("It is when your first contribution was paid, such as 1398/04 or Tir 1398.").by_sms(
            _("Such as 1398/04.")
        ),
    ),
    Question.REGISTRATION_MONTH: lines(
        _("In which year and month was a workplace of yours registered with us?"),
        _("Any one of them will do, such as 1398/04 or Tir 1398.").by_sms(_("Such as 1398/04.")),
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How the fact is asked for: of oneself, or of somebody else."""

    months: Mapping[Question, Sentence]
    workplaces: Mapping[Question, Sentence]


_MINE = Words(
    _MONTHS,
    {
        Question.FIRST_MONTH: _("At which of these workplaces were you insured last?"),
        Question.REGISTRATION_MONTH: _("Which of these has the same employer as your workplace?"),
    },
)


@dialogue(
    "link", words=_("Link this chat"), audiences=("people", "employers"), place=10, start=True
)
async def link(core: Core) -> None:
    """Meet somebody, let them prove who they are, and link the chat."""
    me = await Do("me", core.access.me)
    if me.linked:
        await Say(lines(linked_to(me.name)))
        return
    consent = lines(
        _OFFERS[talk.audience()],
        _(
            "We keep the address of this chat; your number and national code only prove who you are."
        ).by_sms(_("We keep this number; the national code only proves who you are.")),
        _AGREED,
    )
    agree, decline = Option("agree", _("I agree")), Option("decline", _("Not now"))
    if await Ask("consent", consent, [agree, decline], label=_AGREED) == decline.id:
        await Say(_("Very well, nothing is kept. You can link this chat later from the menu."))
        return
    contact = await Ask(
        "phone", _("Please share your own mobile number."), takes=("contact",), secret=True
    )
    national_code = await Ask(
        "national_code",
        _("What is your national code? It has ten digits."),
        check=identifiers.national_code,
        secret=True,
        longest=_LONGEST,
    )
    try:
        claim = await Do(
            "claim",
            core.identity.claim,
            national_code=national_code,
            phone=contact.phone,
        )
        sent = await proved(core, claim, _MINE)
        welcome = await code_given(core, claim, sent, told=_sent, verb=core.identity.code)
    except (BranchOnly, ClaimOver, Locked, TooManyClaims, TooManyCodes) as no:
        await Say(wording.refusal(no))
    else:
        await Say(_greeting(welcome))


async def proved(core: Core, claim: ClaimOut, words: Words) -> CodeSent:
    """Ask for the fact that stands on no paper until it is right, or the core says enough."""
    month: str | None = None
    workplace: int | None = None
    turn = 0
    while True:
        turn += 1
        if month is None and workplace is None:
            month = await _month(claim, turn, words)
        try:
            if month is None and workplace is None:
                workplace = await _workplace(core, claim, turn, words)
                if workplace is None:
                    continue
            sent = await Finish(
                f"fact.{turn}",
                core.identity.fact,
                claim=claim.id,
                month=month,
                workplace=workplace,
            )
        except (NoChoice, WrongFact) as no:
            month = workplace = None
            await Say(wording.refusal(no))
        except CoolDown as no:
            # The fact is right: a code of a claim before this one went out a moment ago.
            await Say(wording.refusal(no))
            await Ask(f"wait.{turn}", _SHALL_WE_SEND, [Option("send", _("Send the code"))])
        else:
            return sent


async def _month(claim: ClaimOut, turn: int, words: Words) -> str | None:
    """Ask for the month; None where they do not know it.

    By SMS it has to be known: workplaces' names are not said to who has proved nothing, and without
    them there would be nothing to choose from.
    """
    month = await Ask(
        f"month.{turn}",
        words.months[claim.question],
        [_UNSURE] if talk.opens_pages() else [],
        check=a_month,
        secret=True,
        longest=_LONGEST,
    )
    return None if isinstance(month, Chosen) else month


async def _workplace(core: Core, claim: ClaimOut, turn: int, words: Words) -> int | None:
    """Ask for a workplace among those the core shows, from 1; None where it is none of them."""
    shown = await Do(f"shown.{turn}", core.identity.workplaces, claim=claim.id)
    options = [Option(str(place), name) for place, name in enumerate(shown.names, 1)]
    chosen = await Ask(f"workplace.{turn}", words.workplaces[claim.question], [*options, _NONE])
    return None if chosen == _NONE.id else int(chosen)


async def code_given(
    core: Core,
    claim: ClaimOut,
    sent: CodeSent,
    *,
    told: Callable[[CodeSent], Sentence],
    verb: Callable[..., Awaitable[T]],
) -> T:
    """Ask for the code that was sent, or send another, until it is right or the core says enough.

    `told` words where it went, and `verb` takes the claim and the code.
    """
    again = Option("again", _("Send a new code"))
    asked, turn = told(sent), 0
    while True:
        turn += 1
        code = await Ask(
            f"code.{turn}",
            asked,
            [again],
            check=partial(a_code, digits=sent.digits),
            secret=True,
            longest=_LONGEST,
        )
        try:
            if isinstance(code, Chosen):
                sent = await Finish(f"sent.{turn}", core.identity.resend, claim=claim.id)
                asked = told(sent)
                continue
            welcome = await Finish(f"link.{turn}", verb, claim=claim.id, code=code)
        except (CodeExpired, CoolDown, TooManyCodes, WrongCode) as no:
            await Say(wording.refusal(no))
            asked = _("Please write the code from the SMS, or have a new one sent.")
        else:
            return welcome


def _sent(sent: CodeSent) -> Sentence:
    return lines(
        _("A code of {digits} digits is on its way by SMS to your registered number, {phone}.")
        .by_sms(_("We sent a code to {phone}."))
        .using(digits=sent.digits, phone=Code(sent.to)),
        _("Please write it here; it holds for a few minutes.").by_sms(
            _("Please write the code here.")
        ),
    )


def _greeting(welcome: Welcome) -> Sentence:
    for_people = talk.audience() == "people"
    return lines(
        Private(
            _("{name}, this chat is now linked to you.").using(name=welcome.name),
            _("Welcome. This number is now linked to you."),
        ),
        Private(_each(welcome.grants), _counted(welcome.grants)) if welcome.grants else None,
        _("Whatever is new about your bills and your record, we tell you.").by_sms(None)
        if for_people
        else _("Whatever is new about them, we tell you.").by_sms(None),
    )


def linked_to(name: str | None) -> Private:
    """Say to whom a chat is linked; to a reader who has proved nothing, that it is linked."""
    return Private(
        _("This chat is linked to {name}.").using(name=name or ""),
        _("This number is linked to you."),
    )


def _each(grants: Sequence[GrantOut]) -> Sentence:
    """Name the children, or as many workplaces as a greeting holds well."""
    more = len(grants) - _GREETED
    for_people = talk.audience() == "people"
    return lines(
        *map(_granted, grants[:_GREETED]),
        _("and {count} more workplaces").using(count=more) if more > 0 and not for_people else None,
    )


def _granted(grant: GrantOut) -> Sentence:
    if grant.kind == "child":
        return _("For your child {name} you can ask here too.").using(name=grant.label)
    return _("Workplace {workshop:digits}").using(workshop=grant.label)


def _counted(grants: Sequence[GrantOut]) -> Sentence:
    """Say how many there are, without a name."""
    if talk.audience() == "people":
        return _n(
            "For your child you can ask here too.",
            "For your {n} children you can ask here too.",
            len(grants),
        )
    return _n(
        "{n} workplace of yours is linked.", "{n} workplaces of yours are linked.", len(grants)
    )


def a_month(text: str) -> str:
    """Read a Jalali month, such as 1398/4, 04-1398, Tir 1398, تیر ۹۸ or پووشپەڕی ١٣٩٨; of a day, its month.

    Raises Unclear.
    """
    numbers = sorted(_NUMBERS.findall(ascii_digits(text)), key=len)
    named = _NO_LETTERS.sub("", alike(text))
    try:
        match numbers:
            case [year] | [_, year] if len(year) == 4 and named in _month_names():
                return str(Month(int(year), _month_names()[named]))
            case [year] if len(year) == 2 and named in _month_names():
                # «تیر ۹۸», as people say it; nobody alive has a record of 1320.
                century = 1300 if int(year) >= 30 else 1400
                return str(Month(century + int(year), _month_names()[named]))
            case [month, year] if len(month) <= 2 and len(year) == 4 and not named:
                return str(Month(int(year), int(month)))
            case [one] if len(one) == 6:
                return str(Month.parse(text))
            case _:
                return str(Month.of(parse_day(text)))
    except BadDate:
        raise Unclear(
            _("Please write the year and the month, such as 1398/04 or Tir 1398.")
        ) from None


# Second names of Kurdish months, by their number.
_ALSO_CALLED = {
    1: ("خاکەلێو", "نەورۆز"),
    2: ("گوڵان",),
    3: ("جۆزەرەدان",),
    7: ("ڕەزوەر",),
    8: ("گەڵاڕێزان", "خەزەڵبەر"),
    9: ("سەرماوەرز",),
    12: ("ڕەشەمێ",),
}


@cache
def _month_names() -> dict[str, int]:
    """The months' names in every language, as they are compared.

    Alone, and as they stand in a sentence: «تیرماه», «شهر تير», «مانگی پووشپەڕی».
    """
    names = {}
    for number in range(1, 13):
        of_month = [*_ALSO_CALLED.get(number, ())]
        of_month += [
            Speech(language).month(Month(1400, number)).rpartition(" ")[0] for language in Language
        ]
        for name in of_month:
            for said in (name, f"{name}ماه", f"ماه{name}", f"شهر{name}", f"مانگی{name}"):
                names[alike(said)] = names[alike(f"{said}ی")] = number
    return names


def a_code(text: str, *, digits: int) -> str:
    """Read a one-time code, in any digits, with spaces or dashes between; raises Unclear."""
    code = re.sub(r"[\s\-]", "", ascii_digits(text))
    if not re.fullmatch(rf"[0-9]{{{digits}}}", code):
        raise Unclear(_("The code in the SMS has {digits} digits.").using(digits=digits))
    return code
