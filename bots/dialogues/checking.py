"""Is it genuine: whether a message that somebody got was ours, by its check code."""

import re

from api.client import Core
from api.kit.codes import grouped, parse_code, parse_paper_code
from api.kit.language import Sentence, _
from api.kit.text import Code, Public, ascii_digits
from api.notices.schemas import Genuine
from bots.dialogues.lines import lines
from bots.talk import Ask, Do, Say, Unclear, dialogue

_EXAMPLE = Code("K7Q2-M4XD")
_WHICH_CODE = _("What is the check code of the message?")
_DASHES = "-‐‑‒–—"


def a_check_code(text: str) -> str:
    """Read a check code in any case and digits, with or without its dash; raises Unclear."""
    code = parse_code(text) or parse_paper_code(text)
    if code is None:
        raise Unclear(
            lines(
                _("A check code has eight letters and digits, such as {example}.").using(
                    example=_EXAMPLE
                ),
                _("That of a paper has sixteen."),
            )
        )
    return code


def a_bare_code(text: str) -> str | None:
    """Find a check code in a message that is nothing else; a word of eight letters is none.

    Older codes may have no digit: such a one is known by its dash. That of a paper comes whole or in
    groups of one length: words of sixteen letters in all are none.
    """
    said = ascii_digits(text)
    if not any(letter.isdigit() or letter in _DASHES for letter in said):
        return None
    groups = re.findall(r"\w+", said)
    is_even = len({len(group) for group in groups}) == 1
    return parse_code(said) or (parse_paper_code(said) if is_even else None)


def _about_paper(code: str, found: Genuine) -> Sentence:
    if not found.genuine or found.day is None:
        return lines(
            _("No paper of ours has the code {code}.").using(code=Code(grouped(code))),
            _("If you mistook a letter, try once more from the menu."),
        )
    return lines(
        _("Yes, this paper is from us: {day:plain}, {subject}.").using(
            day=found.day, subject=Public(found.subject or "")
        ),
        _("If the paper says anything else, it was altered."),
    )


@dialogue(
    "genuine",
    words=_("Is it genuine?").by_sms(_("Check a message")),
    place=70,
    public=True,
    actions=("is_it_genuine",),
    keywords=("check", "6", "اصل بودن پیام", "کد بررسی"),
    reads=a_bare_code,
    sms="6",
)
async def genuine(core: Core, notice: str = "") -> None:
    """Say yes or no about a code, with the day and the subject, and never an amount."""
    code = notice or await Ask(
        "code",
        lines(
            _WHICH_CODE,
            _("It stands at its end, such as {example}.").using(example=_EXAMPLE),
        ),
        check=a_check_code,
        label=_WHICH_CODE,
        longest=64,
    )
    found = await Do("found", core.notices.check, code=code)
    if found.paper:
        await Say(_about_paper(code, found))
        return
    if found.genuine and found.day is not None:
        await Say(
            _("Yes, this message is from us: {day:plain}, about {subject}.").by_sms(
                _("Yes, it is from us: {day:plain}, about {subject}.")
            ),
            day=found.day,
            subject=Public(found.subject or ""),
        )
        await Say(
            _("Our staff never ask for the password of a card or for a one-time code.").by_sms(None)
        )
        return
    await Say(_("No. No message of ours has the code {code}."), code=Code(grouped(code)))
    await Say(
        lines(
            _("If you mistook a letter, try once more from the menu.").by_sms(None),
            _(
                "Otherwise pay nothing and tell its sender nothing; a person answers on 1420."
            ).by_sms(_("Pay nothing and tell its sender nothing.")),
        )
    )
