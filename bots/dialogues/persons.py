"""Another person in this chat: a mother without a smartphone, proved by a code that she reads out."""

from collections.abc import Sequence

from api.access.refusals import AlreadyHere, NotHere, TooManyPersons
from api.access.schemas import GrantOut
from api.client import Core
from api.identity.refusals import BranchOnly, ClaimOver, Locked, TooManyClaims, TooManyCodes
from api.identity.rules import Question
from api.identity.schemas import CodeSent
from api.kit import identifiers
from api.kit.language import Sentence, _
from api.kit.text import Code
from bots import talk, wording
from bots.dialogues import meeting
from bots.dialogues.lines import lines
from bots.talk import Ask, Do, Option, Say, dialogue

_TITLE = _("Another person here")
_THEIRS = meeting.Words(
    {
        Question.FIRST_MONTH: lines(
            _("Which year and month is the first on their insurance record?"),
            _("It is when their first contribution was paid, such as 1398/04 or Tir 1398."),
        )
    },
    {Question.FIRST_MONTH: _("At which of these workplaces were they insured last?")},
)


@dialogue(
    "add_person",
    words=_TITLE,
    audiences=("people",),
    place=85,
    keywords=("شخص دیگر", "افزودن شخص"),
)
async def add_person(core: Core) -> None:
    """Say what it means, let the other person prove who they are, and show them here too."""
    me = await Do("me", core.access.me)
    if not me.linked:
        await Say(_("First link this chat to you, then add another person."))
        return
    if not talk.opens_pages():
        # An SMS is answered to whose number it is alone.
        await Say(wording.refusal(NotHere()))
        return
    with_us, later = Option("with_us", _("We can begin")), Option("later", _("Not now"))
    if await Ask("begin", _meaning(me.grants), [with_us, later], label=_TITLE) == later.id:
        await Say(_("Very well, nobody was added."))
        return
    national_code = await Ask(
        "national_code",
        _("What is their national code? It has ten digits."),
        check=identifiers.national_code,
        secret=True,
        longest=40,
    )
    try:
        claim = await Do("claim", core.identity.add_person, national_code=national_code)
        sent = await meeting.proved(core, claim, _THEIRS)
        added = await meeting.code_given(
            core, claim, sent, told=_sent, verb=core.identity.person_code
        )
    except (
        AlreadyHere,
        BranchOnly,
        ClaimOver,
        Locked,
        NotHere,
        TooManyClaims,
        TooManyCodes,
        TooManyPersons,
    ) as no:
        await Say(wording.refusal(no))
    else:
        await Say(
            lines(
                _("{name} was added. We told them so.").using(name=added.name),
                _("From now on we ask for whom: the record, bills, the booklet and its requests."),
                _("Under “Unlink” you can end it at any time, and so can they."),
            )
        )


def _meaning(grants: Sequence[GrantOut]) -> Sentence:
    here = [one for one in grants if one.kind == "person"]
    return lines(
        *(_("Here already: {name}").using(name=one.label) for one in here),
        _("Here you can see the record and bills of another person and ask for their booklet."),
        _(
            "They need to be with you: we send a code to their registered number, and whoever "
            "reads it out agrees. They can end it at any time."
        ),
    )


def _sent(sent: CodeSent) -> Sentence:
    return lines(
        _(
            "A code of {digits} digits is on its way by SMS to their registered number, {phone}."
        ).using(digits=sent.digits, phone=Code(sent.to)),
        _("Please have them read it out, and write it here; it holds for a few minutes."),
    )
