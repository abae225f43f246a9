"""The lists of the engine's own: the menu, the languages, and whether something was meant."""

from collections.abc import Iterable

from api.kit.language import Language, Sentence
from api.kit.speech import Medium, Speech
from bots import wording
from bots.reply import MENU, Line, Reply, paged
from bots.standing import Standing
from bots.talk import Dialogue, Dialogues
from bots.understanding import Word

ALL = "~all"
OTHERS = "7"
"""In the menu of SMS: the services that have no number of their own, or linking."""


def menu(
    offered: Iterable[Dialogue],
    standing: Standing | None,
    parked: list[tuple[int, Sentence]],
    *,
    speech: Speech,
    page: int,
) -> Reply:
    """What this chat can do today, parked talks first. Without a standing nothing is held back."""
    lines = [
        Line(f"0.go_on|{no}", speech.word(wording.GO_ON_SHORT.using(talk=name)))
        for no, name in parked
    ]
    lines += [
        Line(f"0.menu|{dialogue.name}", speech.word(dialogue.words))
        for dialogue in offered
        if dialogue.menu and (standing is None or _open_to(dialogue, standing))
    ]
    more = Line(f"0.menu|~p{page + 1}", speech.word(wording.MORE))
    others = (
        Line(f"0.word|{Word.LANGUAGE}", speech.word(wording.LANGUAGE)),
        Line(f"0.word|{Word.HELP}", speech.word(wording.HELP_LABEL)),
    )
    first = Line("0.menu|~p0", speech.word(wording.MENU))
    return Reply(
        speech.word(wording.WHAT_NOW),
        lines=paged(lines, page, more),
        ways=((MENU, first),) if page else (),
        others=others,
    )


def short_menu(
    dialogues: Dialogues, standing: Standing | None, meeting: int | None, *, speech: Speech
) -> Reply:
    """The menu of SMS: each dialogue under the number that opens it at any time, then all the others.

    `meeting` is the number of a first meeting that was parked: linking goes on with it.
    """
    numbered = tuple(
        (digit, Line(f"0.menu|{one.name}", speech.word(one.words)))
        for digit, one in dialogues.by_sms().items()
        if standing is None or _open_to(one, standing)
    )
    known = standing is None or standing.linked
    words = wording.ALL_SERVICES if known else wording.LINK_THIS_NUMBER
    linking = "0.start|" if meeting is None else f"0.go_on|{meeting}"
    other = Line(f"0.menu|{ALL}" if known else linking, speech.word(words))
    return Reply("", ways=(*numbered, (OTHERS, other)))


def whether_meant(wanted: Dialogue, speech: Speech) -> Reply:
    """Yes opens what free words were understood as, no shows the menu."""
    lines = (
        Line(f"0.menu|{wanted.name}", speech.word(wording.YES)),
        Line("0.menu|~p0", speech.word(wording.NO)),
    )
    way = (MENU, Line("0.menu|~p0", speech.word(wording.MENU)))
    return Reply(speech.word(wording.MEANT.using(talk=wanted.words)), lines=lines, ways=(way,))


def language_list(medium: Medium) -> Reply:
    """The languages, each in its own script: nobody has to read another one to find theirs."""
    words = [Speech(language, medium).word(wording.WHICH_LANGUAGE) for language in Language]
    lines = [Line(f"0.language|{language}", language.own_name) for language in Language]
    return Reply("\n".join(words), lines=tuple(lines))


def _open_to(dialogue: Dialogue, standing: Standing) -> bool:
    if dialogue.service is not None and dialogue.service in standing.off:
        return False
    if dialogue.start:
        return not standing.linked
    return dialogue.public or not dialogue.audiences.isdisjoint(standing.linked)
