"""Where a chat stands, shown: the talk's question, what follows its end, the menu.

What a person said is understood in `bots.conversation`, which builds on this.
"""

from abc import ABC, abstractmethod
from dataclasses import replace

from api.client import Core
from api.kit.language import Language, Sentence
from api.kit.message import Button
from api.kit.sealing import Keyring
from api.kit.speech import Medium, Speech
from bots import log, wording
from bots.address import Address
from bots.carrying import Codes
from bots.fetching import Fetch, nowhere
from bots.menu import language_list, menu, whether_meant
from bots.questions import Question
from bots.replay import Run
from bots.reply import MENU, Line, Reply
from bots.standing import Asking, Closed
from bots.stops import Away, Ended, Over, Pending, Refused, Stop, Unlinked
from bots.talk import Dialogue, Dialogues, Say, dialogue

TO_MENU = "0.menu|~p0"
"""What the way to the menu taps."""

_PATIENCE = 2
"""After so many misunderstandings in a row only numbers are shown, and a person is offered."""


class Showing(ABC):
    """The talks of one chat as they are shown, for one turn."""

    def __init__(
        self,
        dialogues: Dialogues,
        core: Core,
        chat: log.Chat,
        *,
        address: Address,
        keys: Keyring,
        now: float,
        medium: Medium | None = None,
        codes: Codes | None = None,
        fetch: Fetch = nowhere,
        closed: Closed | None = None,
    ) -> None:
        """`medium` is the address's own where it is not said; `codes` knows the talks that are carried.

        `fetch` brings the bytes of what was sent here.
        """
        self.waits: float | None = None
        self.proved = False
        self.discreet = address.by_sms
        self._dialogues = dialogues
        self._core = core
        self._chat = chat
        self._address = address
        self._keys = keys
        self._now = now
        self._medium = medium or address.medium
        self._codes = codes
        self._fetch = fetch
        self._asking = Asking(core, chat, address, closed)

    @property
    def speech(self) -> Speech:
        """The chat's language now; Persian before one was chosen."""
        language = Language(self._chat["language"] or Language.FA)
        return Speech(language, self._medium, discreet=self.discreet)

    def _word(self, words: Sentence) -> str:
        return self.speech.word(words)

    def _led(self, lead: Sentence, reply: Reply) -> Reply:
        return replace(reply, text=f"{self._word(lead)}\n\n{reply.text}")

    async def _go(self, talk: log.Talk) -> Reply:
        run, stop = await self._run(talk)
        try:
            return await self._show(talk, run, stop)
        finally:
            run.close()

    async def _run(self, talk: log.Talk) -> tuple[Run, Stop]:
        """Replay a talk. The caller closes the run."""
        self._chat["aside"] = ""
        log.age(talk, self._now)
        run = Run(
            self._dialogues.named(talk["dialogue"], self._address.audiences) or gone,
            self._core,
            talk,
            address=self._address.of(_audience(talk, self._address)),
            salt=self._chat["salt"],
            language=self.speech.language.value,
            box=log.Box(self._keys, str(self._address), talk["no"]),
            fetch=self._fetch,
        )
        return run, await run.forward()

    async def _show(self, talk: log.Talk, run: Run, stop: Stop) -> Reply:
        """Where a talk stands, with what was said on the way there, its pages, places and papers."""
        reply = await self._standing_at(talk, run, stop)
        links = (Button(self._word(link.words), url=link.url) for link in run.links)
        pins = (
            replace(
                pin, title=self.speech.digits(pin.title), address=self.speech.digits(pin.address)
            )
            for pin in run.pins
        )
        papers = ((order, self._word(words)) for order, words in run.given)
        return replace(
            reply,
            links=(*links, *reply.links),
            pins=(*pins, *reply.pins),
            papers=(*papers, *reply.papers),
        )

    async def _standing_at(self, talk: log.Talk, run: Run, stop: Stop) -> Reply:
        says = [self._word(words) for words in run.says]
        match stop:
            case Refused() if not to_take_back(talk, run):
                log.end(self._chat, talk)
                return await self._over_with([*says, self._word(wording.refusal(stop.refusal))])
            case Pending() | Refused():
                question = Question(talk, run, stop, self.speech)
                if question.wire != talk["asking"]:
                    # A list, a page or the wait for a code belonged to what was asked before.
                    talk["view"], talk["page"] = "", 0
                talk["state"], talk["asking"] = "open", question.wire
                reply = question.reply()
                return replace(reply, text="\n\n".join([*says, reply.text]))
            case Away():
                known = talk["state"] == "waiting"
                talk["state"], talk["asking"] = "waiting", ""
                self.waits = stop.retry_after
                words = wording.CORE_STILL_AWAY if known else wording.CORE_IS_AWAY
                return self._ending([*says, self._word(words)])
            case Unlinked():
                log.end(self._chat, talk)
                return await self._link_first(talk)
            case Over():
                log.end(self._chat, talk)
                return await self._over_with([*says, self._word(stop.words)])
            case Ended():
                log.end(self._chat, talk)
                if not says and run.refused_to_send:
                    says = [self._word(wording.NOT_SENT)]
                return await (self._met(says, run) if run.dialogue.start else self._after(says))

    @abstractmethod
    async def _tapped(self, data: str) -> Reply:
        """Answer a tap as if it had come: what was asked for before a first meeting."""

    async def _met(self, says: list[str], run: Run) -> Reply:
        """What follows the first meeting: what was asked for before it, else the menu."""
        then = self._chat.pop("then", TO_MENU)
        standing = await self._asking.standing()
        # Who said no, or was linked already, gave no code back.
        self.proved = run.finished and standing is not None and run.audience in standing.linked
        if standing is None or not standing.linked:
            return await self._after(says)
        # Now there is somebody whose preferences can hear of the language.
        self._chat["untold"] = self._chat["language"]
        await self._asking.tell_language()
        following = await self._tapped(then)
        return replace(following, text="\n\n".join([*says, following.text]))

    async def _over_with(self, says: list[str]) -> Reply:
        """What follows a talk that could not go on: why, and what else there is."""
        menu = await self._menu()
        return replace(menu, text="\n\n".join([*says, menu.text]))

    async def _after(self, says: list[str]) -> Reply:
        """What follows a talk: one that was parked for it, or the menu."""
        parked = log.parked_talks(self._chat)
        if parked:
            name = self._named(parked[0])
            question = self._word(wording.GO_ON_WITH.using(talk=name))
            line = Line(f"0.go_on|{parked[0]['no']}", self._word(wording.GO_ON))
            return replace(self._ending([*says, question]), lines=(line,))
        return self._ending(says) if says else await self._menu()

    def _ending(self, says: list[str]) -> Reply:
        """Words that ask nothing, with the way to the menu."""
        line = Line(TO_MENU, self._word(wording.MENU))
        return Reply("\n\n".join(says), ways=((MENU, line),))

    async def _link_first(self, talk: log.Talk) -> Reply:
        meeting = next((one for one in self._dialogues if one.start), None)
        audience = _audience(talk, self._address)
        if meeting is None or audience not in meeting.audiences:
            return await self._after([self._word(wording.LINK_FIRST)])
        wanted = self._dialogues.named(talk["dialogue"], self._address.audiences)
        if wanted is None or wanted is meeting:
            return await self._after([self._word(wording.LINK_FIRST)])
        notice = talk["notice"]
        # What was written behind a number of SMS is no notice's code: its dialogue asks for it again.
        told = notice and wanted.actions
        self._chat["then"] = f"{wanted.actions[0]}|{notice}" if told else f"0.menu|{wanted.name}"
        return self._led(wording.LINK_FIRST, await self._begin(meeting, audience=audience))

    def _missed(self, words: Sentence, again: Reply) -> Reply:
        """Say what was not understood; the second time in a row with numbers alone and a person."""
        self._chat["misses"] += 1
        if self._chat["misses"] >= _PATIENCE:
            person = Line("0.word|person", self._word(wording.PERSON))
            again = replace(again, plain=bool(again.lines), others=(*again.others, person))
        return self._led(words, again)

    async def _again(self) -> Reply:
        """What is open now, shown again."""
        talk = log.open_talk(self._chat)
        if self._chat["aside"] == "language":
            return self._ask_language()
        return await (self._go(talk) if talk else self._menu())

    async def _start(self) -> Reply:
        standing = await self._asking.standing()
        meeting = next((one for one in self._dialogues if one.start), None)
        known = standing is None or standing.linked
        if known or meeting is None or self._address.audience not in meeting.audiences:
            return self._led(wording.WELCOME, await self._menu())
        return await self._begin(meeting)

    async def _begin(self, wanted: Dialogue, notice: str = "", *, audience: str = "") -> Reply:
        audience = audience or next(a for a in self._address.audiences if a in wanted.audiences)
        if wanted.service is not None:
            standing = await self._asking.standing()
            if standing is not None and wanted.service in standing.off:
                return self._led(wording.is_off(standing.off[wanted.service]), await self._again())
        self._chat["misses"] = 0
        return await self._go(
            log.begin(self._chat, wanted.name, notice=notice, audience=audience, now=self._now)
        )

    async def _menu(self, page: int | None = None) -> Reply:
        log.park(self._chat)
        self._chat["aside"] = ""
        parked = [(talk["no"], self._named(talk)) for talk in log.parked_talks(self._chat)]
        standing = await self._asking.standing()
        offered = self._dialogues.offered_to(self._address.audiences)
        return menu(offered, standing, parked, speech=self.speech, page=page or 0)

    def _named(self, talk: log.Talk) -> Sentence:
        known = self._dialogues.named(talk["dialogue"], self._address.audiences) or gone
        return known.words

    def _ask_whether_meant(self, wanted: Dialogue) -> Reply:
        """Free words were understood, perhaps: ask before anything is done."""
        self._chat["aside"], self._chat["misses"] = "meant", 0
        return whether_meant(wanted, self.speech)

    def _ask_language(self) -> Reply:
        self._chat["aside"] = "language"
        return language_list(self._medium)


def _audience(talk: log.Talk, address: Address) -> str:
    """As whose chat a talk is held; one of an older release is the chat's own."""
    return talk.get("audience") or address.audience


def to_take_back(talk: log.Talk, run: Run) -> list[str]:
    """The questions passed whose answers can still be given anew."""
    return [name for name in run.asked if name not in talk["closed"]]


@dialogue("gone", words=wording.GONE_TALK, menu=False)
async def gone(_core: Core) -> None:
    """What stands in for a dialogue that a release took away."""
    await Say(wording.GONE)
