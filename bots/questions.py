"""A stop of a replay as the person sees it, and what they said as an answer to it.

The same lists are built and recognised here: what a line shows is what its words are matched with.
"""

from collections.abc import Sequence
from typing import Any

from api.kit.identifiers import BadIdentifier
from api.kit.language import Sentence
from api.kit.message import Wants
from api.kit.speech import Medium, Speech
from bots import log, understanding, wording
from bots.replay import Answer, Answered, Run
from bots.reply import BACK, MENU, Line, Reply, labelled, paged, pages
from bots.stops import Pending, Refused
from bots.talk import Ask, Chosen, Confirm, Contact, File, Place, Takes, Unclear

_WANTS = {"contact": Wants.CONTACT, "location": Wants.LOCATION, "file": Wants.FILE}


class Question:
    """The open question of a talk: a step without an answer, or a refusal and what to do about it."""

    def __init__(self, talk: log.Talk, run: Run, stop: Pending | Refused, speech: Speech) -> None:
        self._talk = talk
        self._stop = stop
        self._speech = speech
        self._answered: Sequence[Answered] = run.answered
        self.ask: Ask[Any] | None = stop.ask if isinstance(stop, Pending) else None

    @property
    def wire(self) -> str:
        """How its taps name it. A summary carries the revision: it is of these answers only."""
        no, revision = self._talk["no"], self._talk["revision"]
        if self.ask is None:
            return f"{no}.refused.{revision}"
        if isinstance(self.ask, Confirm):
            return f"{no}.{self.ask.name}.{revision}"
        return f"{no}.{self.ask.name}"

    @property
    def can_change(self) -> bool:
        """Whether one line can be changed here."""
        return bool(self._answered) and (self.ask is None or isinstance(self.ask, Confirm))

    @property
    def last_page(self) -> int:
        """The number of the last page of the list that is shown, from 0."""
        lines, always = self._pages()
        return pages(len(lines), always=len(always)) - 1

    def has_line(self, question: str) -> bool:
        """Whether that question is a line that can be changed here."""
        return self.can_change and any(one.question == question for one in self._answered)

    def reply(self) -> Reply:
        """Show it: the question, or the list that was asked for with it."""
        if self._talk["view"] == "change" and self.can_change:
            return self._list(self._speech.word(wording.WHICH_LINE))
        if isinstance(self._stop, Refused):
            return Reply(
                self._speech.word(wording.refusal(self._stop.refusal)),
                lines=self._lines(),
                ways=self._ways(cancel=True),
            )
        ask = self._stop.ask
        words = self._speech.word(ask.words)
        if self._talk["view"] == "code":
            ways = tuple(("", line) for _digit, line in self._ways(cancel=True))
            return Reply(self._speech.word(wording.WRITE_THE_CODE), ways=ways)
        if isinstance(ask, Confirm):
            summary = "\n".join(self._summary())
            return Reply(
                f"{summary}\n\n{words}" if summary else words,
                lines=self._lines(),
                ways=self._ways(cancel=True),
            )
        if ask.is_list:
            return self._list(words)
        taken = next((kind for kind in ask.takes if kind in _WANTS), None)
        return Reply(
            words,
            ways=tuple(("", line) for _digit, line in self._ways(cancel=False)),
            others=self._lines(),
            wants=_WANTS[taken] if taken else None,
            wants_label=self._speech.word(wording.WANTS_LABEL[taken]) if taken else "",
            hint=self._speech.word(self._hint(taken)) if taken else "",
        )

    def _hint(self, taken: Takes) -> Sentence:
        """How to send what is asked for; by SMS no file comes, but the talk can go where one does."""
        if taken == "file" and self._speech.medium is Medium.SMS:
            return wording.FILE_ELSEWHERE
        return wording.WANTS_HINT[taken]

    def recognised(self, said: Answer | None) -> str | None:
        """What a tap on the line whose words were typed would carry; None where they are no line's."""
        if not isinstance(said, str):
            return None
        if isinstance(self.ask, Confirm) and not self._talk["view"]:
            yes = understanding.yes_or_no(said)
            if yes is not None:
                return f"{self.wire}|{'send' if yes else '~cancel'}"
        wish = understanding.alike(said)
        lines = self._lines() if wish else ()
        return next((one.data for one in lines if wish == understanding.alike(one.label)), None)

    def checked(self, said: Answer | None) -> Answer:
        """The answer that was typed or sent; raises Unclear with the sentence that helps."""
        ask = self.ask
        takes: tuple[Takes, ...] = ask.takes if ask is not None else ()
        if ask is None or not takes:
            raise Unclear(wording.NOT_UNDERSTOOD)
        match said:
            case Contact() if "contact" in takes:
                if not said.own:
                    raise Unclear(wording.ANOTHERS_CONTACT)
                return said
            case Place() if "location" in takes:
                return said
            case File() if "file" in takes:
                return said
            case str() if "text" in takes:
                if len(said) > ask.longest:
                    raise Unclear(wording.TOO_LONG.using(longest=ask.longest))
                try:
                    return ask.check(said) if ask.check else said
                except BadIdentifier as bad:
                    raise Unclear(wording.bad_identifier(bad)) from None
        raise Unclear(wording.NOT_TAKEN[takes[0]])

    def _choices(self) -> list[tuple[str, str]]:
        """Every choice of the list that is shown, on all its pages, with its words."""
        word = self._speech.word
        if self._talk["view"] == "change" and self.can_change:
            lines = zip(self._answered, self._summary(), strict=True)
            return [(f"={answered.question}", line) for answered, line in lines]
        change = [("~change", word(wording.CHANGE))] if self.can_change else []
        if self.ask is None:
            return change
        if isinstance(self.ask, Confirm):
            return [("send", word(self.ask.yes or wording.SEND)), *change]
        return [(option.id, labelled(self._speech, option.words)) for option in self.ask.options]

    def _lines(self) -> tuple[Line, ...]:
        acts = self.ask.acts if self.ask is not None and not self._talk["view"] else ()
        return (
            *(self._line(choice, label) for choice, label in self._choices()),
            *(Line(act.data, labelled(self._speech, act.words)) for act in acts),
        )

    def _list(self, words: str) -> Reply:
        page = self._talk["page"]
        more = self._line(f"~p{page + 1}", self._speech.word(wording.MORE))
        lines, always = self._pages()
        shown = paged(lines, page, more, always=always)
        return Reply(words, lines=shown, ways=self._ways(cancel=False))

    def _pages(self) -> tuple[list[Line], list[Line]]:
        """The lines that are parted into pages, and those that stand on each of them."""
        options = self.ask.options if self.ask is not None and not self._talk["view"] else ()
        staying = {f"{self.wire}|{option.id}" for option in options if option.stays}
        lines = self._lines()
        return (
            [line for line in lines if line.data not in staying],
            [line for line in lines if line.data in staying],
        )

    def _ways(self, *, cancel: bool) -> tuple[tuple[str, Line], ...]:
        word = self._speech.word
        first = ("~cancel", wording.CANCEL) if cancel else ("~menu", wording.MENU)
        return (
            (MENU, self._line(first[0], word(first[1]))),
            (BACK, self._line("~back", word(wording.BACK))),
        )

    def _line(self, choice: str, label: str) -> Line:
        return Line(f"{self.wire}|{choice}", label)

    def _summary(self) -> list[str]:
        said = []
        for answered in self._answered:
            label = self._speech.word(answered.label).rstrip(" ?؟:.")
            said.append(f"{label}: {labelled(self._speech, answered.words)}")
        return said


def is_open(talk: log.Talk, question: Question, head: str) -> bool:
    """Whether a tap's head names the question that is open now."""
    return talk["state"] == "open" and head == talk["asking"] == question.wire


def option(ask: Ask[Any], choice: str) -> Chosen | None:
    """The option of that id, as an answer."""
    return Chosen(choice) if any(one.id == choice for one in ask.options) else None
