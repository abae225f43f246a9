"""One replay: a dialogue run from the top over its log, until something is missing (`bots.stops`)."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from api.access.refusals import GrantEnded, NotLinked
from api.client import Core, knock
from api.errors import NotKnown, Refusal, Unavailable
from api.kit import points
from api.kit.identifiers import mask_phone
from api.kit.language import Language, Sentence, _
from api.kit.message import Order
from api.kit.text import Public
from bots import log, papers
from bots.address import Address
from bots.fetching import Fetch, fetching, nowhere
from bots.stops import Away, Ended, Over, Pending, Refused, Stop, Unlinked
from bots.talk import (
    Ask,
    Chosen,
    Confirm,
    Contact,
    Dialogue,
    Do,
    File,
    Give,
    Link,
    Option,
    Pin,
    Place,
    Say,
    Show,
    Step,
    listening,
    paging,
    showing,
    spoken,
    ward,
)

_GRANT_ENDED = _("You no longer act for this workplace, so this talk has ended.")
_WARD_ENDED = _("You can no longer act for this person here, so this talk has ended.")
_MYSELF = "me"
"""For whom a talk of a family or a household goes where it is the person's own."""

Answer = str | bool | Place | File | Contact


@dataclass(frozen=True, slots=True)
class Answered:
    """A question this replay passed, as a summary shows it; of its turns the last."""

    question: str
    label: Sentence
    words: Sentence | str


class BadDialogue(Exception):
    """A dialogue breaks the rules of replay; a bug of ours, never a person's."""


class Run:
    """One replay of one talk. Made for a turn and closed with it."""

    def __init__(
        self,
        dialogue: Dialogue,
        core: Core,
        talk: log.Talk,
        *,
        address: Address,
        salt: str,
        language: str,
        box: log.Box,
        fetch: Fetch = nowhere,
    ) -> None:
        self.passed: list[str] = []
        self.answered: list[Answered] = []
        self.says: list[Sentence] = []
        self.links: list[Link] = []
        self.pins: list[Pin] = []
        self.given: list[tuple[Order, Sentence]] = []
        self.asked: list[str] = []
        self.finished = False
        self.refused_to_send = False
        self.dialogue = dialogue
        self._met: set[str] = set()
        self._says_here = 0
        self._core = core
        self._talk = talk
        self._address = address
        self._salt = salt
        self._language = language
        self._box = box
        self._fetch = fetch
        self._grant: str | None = None
        self._coroutine = self._script()

    @property
    def audience(self) -> str:
        """As whose chat the talk is held."""
        return self._address.audience

    def close(self) -> None:
        """Let the suspended function go."""
        self._coroutine.close()

    async def forward(self, given: Any = None) -> Stop:
        """Run until something is missing. After Pending, `given` is the answer to go on with."""
        refusal: Refusal | None = None
        spoken.set(Language(self._talk["language"]))
        listening.set(self._address.audience)
        paging.set(not self._address.by_sms)
        showing.set(not self._address.by_sms)
        fetching.set(self._fetch)
        while True:
            try:
                if refusal is not None:
                    step = self._coroutine.throw(refusal)
                else:
                    step = self._coroutine.send(given)
            except StopIteration:
                return Ended()
            except Refusal as uncaught:
                return _stop(uncaught, self._grant_ended)
            except _CannotGoOn as over:
                return over.stop
            given, refusal = None, None
            try:
                given = await self._meet(step)
            except Refusal as no:
                refusal = no
            except Unavailable as away:
                return Away(away.retry_after)
            except _Missing:
                return Pending(step)

    async def _meet(self, step: Any) -> Any:
        """Answer one step; raises Refusal, Unavailable, or _Missing for a question without an answer."""
        if isinstance(step, Say | Show | Give):
            return self._say(step)
        if not isinstance(step, Ask | Do):
            raise BadDialogue(
                f"{self.dialogue.name} waits for something that is no word of a dialogue"
            )
        if step.name in self._met:
            raise BadDialogue(f"{self.dialogue.name} uses the name {step.name!r} twice")
        self._met.add(step.name)
        if isinstance(step, Ask):
            if step.takes == ("contact",) and self._address.by_sms:
                # The sender's number is known: it only says where to answer, as any shared one.
                self._pass(step)
                return Contact(self._address.chat, own=True)
            kept = self._kept(step)
            if kept is None:
                raise _Missing
            self.accept(step, kept)
            return kept
        try:
            result = await self._done(step)
        finally:
            self._pass(step)
        if step.final:
            self.finished = True
            self.answered.clear()
            log.close(self._talk, self.passed)
        return result

    def accept(self, ask: Ask[Any], answer: Answer) -> None:
        """Note that a question was passed with this answer."""
        self._pass(ask)
        self.asked.append(ask.name)
        self.refused_to_send = answer is False
        if not ask.secret and not isinstance(ask, Confirm) and ask.name not in self._talk["closed"]:
            turns = _without_turn(ask.name)
            self.answered[:] = [
                one for one in self.answered if _without_turn(one.question) != turns
            ]
            self.answered.append(Answered(ask.name, ask.label, _shown(ask, answer)))

    def keep(self, ask: Ask[Any], answer: Answer) -> None:
        """Write the answer of the pending question into the log, by the rules of an answer."""
        log.answer(self._talk, ask.name, self._sealed(ask, answer), self.passed)

    async def _script(self) -> None:
        if self.dialogue.acting:
            self._grant = await self._for_which_workplace()
        elif self.dialogue.family or self.dialogue.persons:
            self._grant = await self._for_whom()
            ward.set(self._grant)
        await self.dialogue(self._core, self._talk["notice"])

    @property
    def _grant_ended(self) -> Sentence:
        return _GRANT_ENDED if self.dialogue.acting else _WARD_ENDED

    async def _for_which_workplace(self) -> str:
        """The grant this talk acts for: the notice's, the only one, or the one that is chosen."""
        grants = await self._grants({"workshop"})
        if not grants:
            raise _CannotGoOn(Over(_("No workplace is linked to this chat yet.")))
        await self._notices_own(grants)
        if len(grants) == 1:
            self._talk["grant"] = next(iter(grants))
        if self._talk["grant"]:
            return self._talk["grant"]
        labels = {
            id: _("Workplace {workshop:digits}").using(workshop=label)
            for id, label in grants.items()
        }
        return await Ask("for_whom", _("Which workplace?"), _options(labels))

    async def _for_whom(self) -> str | None:
        """The grant of the child or other person this talk is about; None for one's own affairs."""
        kinds = {"child"} if self.dialogue.family else set()
        others = await self._grants(kinds | ({"person"} if self.dialogue.persons else set()))
        await self._notices_own(others)
        if not others or self._talk["notice"]:
            self._talk["grant"] = self._talk["grant"] or _MYSELF
        chosen = self._talk["grant"]
        if not chosen:
            everybody: dict[str, Sentence | str] = {_MYSELF: _("For me"), **others}
            chosen = await Ask("for_whom", _("For whom?"), _options(everybody))
        return None if chosen == _MYSELF else chosen

    async def _grants(self, kinds: Collection[str]) -> dict[str, str]:
        """The labels of the chat's grants of these kinds; the talk stops where the one it has is gone."""
        me = await Do("for_whom.me", self._core.access.me)
        if not me.linked:
            raise _CannotGoOn(Unlinked())
        grants = {str(grant.id): grant.label for grant in me.grants if grant.kind in kinds}
        kept = self._talk["grant"] or self._talk["steps"].get("for_whom", {}).get("option")
        if kept and kept != _MYSELF and kept not in grants:
            raise _CannotGoOn(Over(self._grant_ended))
        return grants

    async def _notices_own(self, grants: Collection[str]) -> None:
        """A talk about a notice is for whom the notice was."""
        if not grants or not self._talk["notice"] or self._talk["grant"]:
            return
        notice = await Do("for_whom.notice", self._core.notices.opened, code=self._talk["notice"])
        if str(notice.grant_id) in grants:
            self._talk["grant"] = str(notice.grant_id)

    def _pass(self, step: Step[Any]) -> None:
        self.passed.append(step.name)
        self._says_here = 0

    def _say(self, step: Say | Show | Give) -> None:
        said = f"{self.passed[-1] if self.passed else ''}#{self._says_here}"
        self._says_here += 1
        if said in self._talk["said"]:
            return
        self._talk["said"].append(said)
        if isinstance(step, Show):
            self.pins += step.pins
        elif isinstance(step, Give):
            order = Order(papers.named(step.verb), step.picture, self._grant, self._language)
            self.given.append((order, step.words))
        else:
            self.says.append(step.words)
            self.links += step.links

    async def _done(self, step: Do[Any]) -> Any:
        kept = self._talk["steps"].get(step.name, {})
        if "did" in kept:
            return _shape(step.verb).validate_json(self._box.open_text(step.name, kept["did"]))
        if "refused" in kept:
            params = self._box.open(step.name, kept["params"])
            raise Refusal.of(kept["refused"], kept["status"], params)
        knocking = knock.Knock(
            chat=str(self._address),
            grant=step.grant or self._grant,
            key=self._key(step),
            language=self._language,
        )
        token = knock.current.set(knocking)
        try:
            with points.around("bots.core"):
                result = await step.verb(**step.arguments)
        except Refusal as no:
            self._talk["steps"][step.name] = log.Step(
                refused=no.code, status=no.status, params=self._box.seal(step.name, no.params)
            )
            raise
        finally:
            knock.current.reset(token)
        plain = _shape(step.verb).dump_json(result).decode()
        self._talk["steps"][step.name] = log.Step(did=self._box.seal_text(step.name, plain))
        return result

    def _key(self, step: Do[Any]) -> str:
        """The idempotency key: where, which talk, which step, on which facts. Opaque to the core."""
        talk = self._talk
        named = f"{self._address} {self._salt} {talk['no']} {step.name} {talk['revision']}"
        return hashlib.sha256(named.encode()).hexdigest()[:40]

    def _kept(self, ask: Ask[Any]) -> Answer | None:
        kept = self._talk["steps"].get(ask.name)
        if kept is None or self._talk["changing"] == ask.name:
            return None
        if isinstance(ask, Confirm):
            return {log.YES: True, log.NO: False}.get(kept.get("option", ""))
        if "option" in kept:
            # What is not among today's options is asked again.
            known = any(option.id == kept["option"] for option in ask.options)
            return Chosen(kept["option"]) if known else None
        if "sealed" not in kept:
            return None
        [(kind, value)] = self._box.open(ask.name, kept["sealed"]).items()
        if kind not in ask.takes:
            return None
        return _KINDS[kind](value)

    def _sealed(self, ask: Ask[Any], answer: Answer) -> log.Step:
        if isinstance(answer, bool):
            return log.Step(option=log.YES if answer else log.NO)
        if isinstance(answer, Chosen):
            return log.Step(option=str(answer))
        match answer:
            case Contact():
                value: dict[str, Any] = {"contact": asdict(answer)}
            case Place():
                value = {"location": asdict(answer)}
            case File():
                value = {"file": asdict(answer)}
            case _:
                value = {"text": answer}
        return log.Step(sealed=self._box.seal(ask.name, value))


_KINDS: dict[str, Callable[[Any], Answer]] = {
    "text": str,
    "contact": lambda value: Contact(**value),
    "location": lambda value: Place(**value),
    "file": lambda value: File(**value),
}


def _without_turn(name: str) -> str:
    """The name that all turns of a question have in common: `code` of `code.2`."""
    stem, _dot, turn = name.rpartition(".")
    return stem if turn.isdigit() else name


class _CannotGoOn(Exception):
    """It is a turn of the talk, not an error: this talk stops here."""

    def __init__(self, stop: Over | Unlinked) -> None:
        super().__init__()
        self.stop = stop


class _Missing(Exception):
    """The question has no answer yet."""


def _stop(uncaught: Refusal, grant_ended: Sentence) -> Stop:
    if isinstance(uncaught, NotKnown | NotLinked):
        return Unlinked()
    if isinstance(uncaught, GrantEnded):
        return Over(grant_ended)
    return Refused(uncaught)


def _options(labels: Mapping[str, Sentence | str]) -> list[Option]:
    return [Option(id, words) for id, words in labels.items()]


def _shown(ask: Ask[Any], answer: Answer) -> Sentence | str:
    match answer:
        case Chosen():
            return next(option.words for option in ask.options if option.id == answer)
        case Contact():
            return mask_phone(answer.phone)
        case Place():
            return _("a place on the map")
        case File():
            return Public(answer.name) if answer.name else _("a photo")
        case _:
            return Public(answer)


@lru_cache(maxsize=512)
def _shape_of(function: Callable[..., Awaitable[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])


def _shape(verb: Callable[..., Awaitable[Any]]) -> TypeAdapter[Any]:
    """How a method's result is written and rebuilt: by its return type."""
    return _shape_of(getattr(verb, "__func__", verb))
