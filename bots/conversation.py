"""One turn of a chat: what was said is understood, the dialogue replayed, what comes next is said.

    Conversation.turn      a message came in
    Conversation.go_on     the core is tried again for a talk that waits

The chat is plain JSON (`bots.log`), changed in place; the caller keeps it together with the
replies, in one transaction. Replies are never empty for a message of somebody who stays.
"""

from dataclasses import replace

from api.client import Core
from api.errors import Unavailable
from api.kit import codes
from api.kit.language import Language, Medium, Sentence, Speech
from api.kit.message import Button
from api.kit.sealing import Keyring
from api.kit.text import key
from bots import log, understanding, wording
from bots.menu import language_list, menu
from bots.questions import Question, is_open, option
from bots.replay import Address, Answer, Away, Ended, Over, Pending, Refused, Run, Stop, Unlinked
from bots.reply import MENU, Line, Reply, split
from bots.standing import Asking
from bots.talk import Confirm, Dialogue, Dialogues, Say, Sent, Unclear, dialogue
from bots.understanding import Word

_PATIENCE = 2
"""After so many misunderstandings in a row only numbers are shown, and a person is offered."""


class Conversation:
    """The talks of one chat, for one turn.

    `now` is in seconds since epoch. After a turn `waits` says in how many seconds the core is worth
    trying again, None where nothing waits for it.
    """

    def __init__(
        self,
        dialogues: Dialogues,
        core: Core,
        chat: log.Chat,
        *,
        address: Address,
        keys: Keyring,
        now: float,
        medium: Medium = Medium.CHAT,
    ) -> None:
        self.waits: float | None = None
        self._dialogues = dialogues
        self._core = core
        self._chat = chat
        self._address = address
        self._keys = keys
        self._now = now
        self._medium = medium
        self._asking = Asking(core, chat, address)

    @property
    def speech(self) -> Speech:
        """The chat's language now; Persian before one was chosen."""
        return Speech(Language(self._chat["language"] or Language.FA), self._medium)

    async def turn(self, sent: Sent) -> list[Reply]:
        """Answer one message. Empty only when the person has left."""
        if sent.left:
            return []
        if not sent.private:
            return [Reply(self._word(wording.PRIVATE_ONLY))]
        await self._asking.tell_language()
        return self._said(await self._understood(sent.cleaned()))

    async def go_on(self) -> list[Reply]:
        """Try the core again for the talk that waits; empty while there is nothing new to say."""
        await self._asking.tell_language()
        talk = log.open_talk(self._chat)
        if talk is None or talk["state"] != "waiting":
            return []
        run, stop = await self._run(talk)
        try:
            if isinstance(stop, Away) and not run.says:
                self.waits = stop.retry_after
                return []
            reply = await self._show(talk, run, stop)
        finally:
            run.close()
        return self._said(reply if self.waits else self._led(wording.CORE_IS_BACK, reply))

    def _said(self, reply: Reply) -> list[Reply]:
        self._chat["shown"] = reply.shown()
        return split(reply)

    def _word(self, words: Sentence) -> str:
        return self.speech.word(words)

    def _led(self, lead: Sentence, reply: Reply) -> Reply:
        return replace(reply, text=f"{self._word(lead)}\n\n{reply.text}")

    # What came in: something sent, a text, a word that is always understood, a tap.

    async def _understood(self, sent: Sent) -> Reply:
        if sent.tap:
            return await self._tapped(sent.tap)
        if not self._chat["language"] and self._chat["aside"] != "language":
            self._chat["then"] = self._opening(sent.start or "")
            return self._ask_language()
        if sent.start is not None:
            return await self._tapped(self._opening(sent.start))
        if sent.text:
            return await self._read(sent.text)
        return await self._answered(sent.contact or sent.place or sent.file)

    async def _read(self, text: str) -> Reply:
        command = understanding.command(text)
        if command is not None and command[0] == "start":
            return await self._tapped(self._opening(command[1]))
        word = understanding.word(command[0] if command else text)
        if word is not None:
            return await self._always(word)
        if command is not None:
            wanted = self._dialogues.named(command[0], self._address.audience)
            if wanted is not None and wanted.menu:
                return await self._begin(wanted)
        if understanding.is_command(text):
            return self._missed(wording.UNKNOWN_COMMAND, await self._again())
        digit = understanding.digit(text)
        if digit is not None and digit in self._chat["shown"]:
            return await self._tapped(self._chat["shown"][digit])
        return await self._answered(text)

    async def _always(self, word: Word) -> Reply:  # noqa: PLR0911 - each word has its own way out.
        talk = log.open_talk(self._chat)
        match word:
            case Word.MENU:
                return await self._menu()
            case Word.BACK:
                if talk is None or talk["state"] == "waiting" or self._chat["aside"]:
                    self._chat["aside"] = ""
                    return await self._again()
                return await self._tapped(f"{talk['asking']}|~back")
            case Word.CANCEL:
                return await (self._cancel(talk) if talk else self._menu())
            case Word.LANGUAGE:
                return self._ask_language()
            case Word.HELP:
                return self._led(wording.HELP, await self._again())
            case Word.PERSON:
                branch = await self._asking.branch(talk["grant"] if talk else "")
                return self._led(wording.a_person(branch), await self._again())
            case Word.STOP | Word.START:
                return await self._consented(on=word is Word.START)

    async def _consented(self, *, on: bool) -> Reply:
        """STOP and START. In a chat that is not linked, START is where one starts."""
        untold = await self._asking.consent(on=on)
        match untold:
            case None:
                said = wording.CONSENT[on]
            case Unavailable():
                said = wording.TRY_LATER
            case _ if on:
                return await self._start()
            case _:
                said = wording.refusal(untold)
        return self._led(said, await self._again())

    async def _tapped(self, data: str) -> Reply:
        """A tap, or the digit or words that stand for one."""
        head, _bar, choice = data.rpartition("|")
        if head.startswith("0."):
            return await self._own(head, choice)
        wanted = self._dialogues.acting_on(head, self._address.audience)
        if wanted is not None:
            code = codes.parse_code(choice)
            return await (self._begin(wanted, code) if code else self._over())
        talk = log.open_talk(self._chat)
        if talk is None or not head or head != talk["asking"]:
            return await self._over()
        run, stop = await self._run(talk)
        try:
            if isinstance(stop, Pending | Refused):
                question = Question(talk, run, stop, self.speech)
                # The replay may stand elsewhere than the message that was tapped: results age.
                if is_open(talk, question, head):
                    return await self._chosen(talk, run, question, choice)
            return self._led(wording.OVER, await self._show(talk, run, stop))
        finally:
            run.close()

    async def _own(self, head: str, choice: str) -> Reply:  # noqa: PLR0911 - each list has its own way out.
        """A tap on a list of the engine's own."""
        match head:
            case "0.start":
                return await self._start()
            case "0.word" if choice in set(Word):
                return await self._always(Word(choice))
            case "0.language" if choice in set(Language):
                return await self._speak(Language(choice))
            case "0.menu" if (page := _page(choice)) is not None:
                return await self._menu(page)
            case "0.menu":
                wanted = self._dialogues.named(choice, self._address.audience)
                if wanted is not None and wanted.menu:
                    return await self._begin(wanted)
            case "0.go_on":
                for talk in log.parked_talks(self._chat):
                    if str(talk["no"]) == choice:
                        log.resume(self._chat, talk)
                        return await self._go(talk)
        return await self._over()

    # The open question is answered, or something is done about it.

    async def _chosen(self, talk: log.Talk, run: Run, question: Question, choice: str) -> Reply:  # noqa: PLR0911 - each choice has its own way out.
        ask = question.ask
        self._chat["misses"] = 0
        if choice == "~menu":
            return await self._menu()
        if choice == "~back":
            return await self._back(talk, run, question)
        if (page := _page(choice)) is not None:
            talk["page"] = min(page, question.last_page)
            return question.reply()
        if choice == "~change" and question.can_change:
            talk["view"], talk["page"] = "change", 0
            return question.reply()
        if choice[:1] == "=" and question.has_line(choice[1:]):
            log.look_at_question(talk)
            talk["changing"] = choice[1:]
            return await self._go(talk)
        if choice == "~cancel" and ask is None:
            return await self._cancel(talk)
        if ask is not None:
            answer: Answer | None = option(ask, choice)
            if isinstance(ask, Confirm):
                answer = {"send": True, "~cancel": False}.get(choice)
            if answer is not None:
                return await self._accept(talk, run, question, answer)
        return self._led(wording.OVER, question.reply())

    async def _answered(self, said: Answer | None) -> Reply:  # noqa: PLR0911 - each place where a talk can stand has its own way out.
        """Match what was typed or sent, None where it cannot be read, with the open question."""
        talk = log.open_talk(self._chat)
        if self._chat["aside"] == "language":
            chosen = understanding.language(said) if isinstance(said, str) else None
            if chosen is None:
                return self._missed(wording.NOT_UNDERSTOOD, self._ask_language())
            return await self._speak(chosen)
        if talk is None:
            return await self._wished(said)
        if talk["state"] == "waiting":
            # The message that wakes a talk is no answer: nothing had been asked when it was sent.
            return await self._go(talk)
        run, stop = await self._run(talk)
        try:
            if not isinstance(stop, Pending | Refused):
                return await self._show(talk, run, stop)
            question = Question(talk, run, stop, self.speech)
            data = question.recognised(said)
            if data is not None:
                head, _bar, choice = data.rpartition("|")
                if head != question.wire:
                    return await self._tapped(data)
                return await self._chosen(talk, run, question, choice)
            try:
                answer = question.checked(said)
            except Unclear as unclear:
                return self._missed(unclear.words, await self._show(talk, run, stop))
            return await self._accept(talk, run, question, answer)
        finally:
            run.close()

    async def _accept(self, talk: log.Talk, run: Run, question: Question, answer: Answer) -> Reply:
        ask = question.ask
        if ask is None:
            return question.reply()
        self._chat["misses"] = 0
        run.keep(ask, answer)
        run.accept(ask, answer)
        log.look_at_question(talk)
        return await self._show(talk, run, await run.forward(answer))

    async def _back(self, talk: log.Talk, run: Run, question: Question) -> Reply:
        if talk["page"]:
            talk["page"] -= 1
            return question.reply()
        if talk["view"] or talk["changing"]:
            log.look_at_question(talk)
            return await self._go(talk)
        asked = self._to_take_back(talk, run)
        if not asked:
            return await self._menu()
        log.take_back(talk, asked[-1], run.passed[: run.passed.index(asked[-1])])
        return await self._go(talk)

    def _to_take_back(self, talk: log.Talk, run: Run) -> list[str]:
        """The questions passed whose answers can still be given anew."""
        return [name for name in run.asked if name not in talk["closed"]]

    async def _cancel(self, talk: log.Talk) -> Reply:
        log.end(self._chat, talk)
        return await self._after([self._word(wording.CANCELLED)])

    # Where a talk stands is shown.

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
            self._dialogues.named(talk["dialogue"], self._address.audience) or gone,
            self._core,
            talk,
            address=self._address,
            salt=self._chat["salt"],
            language=self.speech.language.value,
            box=log.Box(self._keys, str(self._address), talk["no"]),
        )
        return run, await run.forward()

    async def _show(self, talk: log.Talk, run: Run, stop: Stop) -> Reply:
        """Where a talk stands, with what was said on the way there and the pages that go with it."""
        reply = await self._standing_at(talk, run, stop)
        links = (Button(self._word(link.words), url=link.url) for link in run.links)
        return replace(reply, links=(*links, *reply.links))

    async def _standing_at(self, talk: log.Talk, run: Run, stop: Stop) -> Reply:
        says = [self._word(words) for words in run.says]
        match stop:
            case Refused() if not self._to_take_back(talk, run):
                log.end(self._chat, talk)
                return await self._over_with([*says, self._word(wording.refusal(stop.refusal))])
            case Pending() | Refused():
                question = Question(talk, run, stop, self.speech)
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
                return await (self._met(says) if run.dialogue.start else self._after(says))

    async def _met(self, says: list[str]) -> Reply:
        """What follows the first meeting: what was asked for before it, else the menu."""
        then = self._chat.pop("then", _MENU)
        standing = await self._asking.standing()
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
        line = Line(_MENU, self._word(wording.MENU))
        return Reply("\n\n".join(says), ways=((MENU, line),))

    async def _link_first(self, talk: log.Talk) -> Reply:
        meeting = next((one for one in self._dialogues if one.start), None)
        if meeting is None or self._address.audience not in meeting.audiences:
            return await self._after([self._word(wording.LINK_FIRST)])
        wanted = self._dialogues.named(talk["dialogue"], self._address.audience)
        if wanted is None or wanted is meeting:
            return await self._after([self._word(wording.LINK_FIRST)])
        notice = talk["notice"]
        self._chat["then"] = f"{wanted.actions[0]}|{notice}" if notice else f"0.menu|{wanted.name}"
        return self._led(wording.LINK_FIRST, await self._begin(meeting))

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

    async def _over(self) -> Reply:
        return self._led(wording.OVER, await self._again())

    # What the engine offers by itself: the start, the menu, the languages.

    async def _start(self) -> Reply:
        standing = await self._asking.standing()
        meeting = next((one for one in self._dialogues if one.start), None)
        known = standing is None or standing.linked
        if known or meeting is None or self._address.audience not in meeting.audiences:
            return self._led(wording.WELCOME, await self._menu())
        return await self._begin(meeting)

    async def _begin(self, wanted: Dialogue, notice: str = "") -> Reply:
        if wanted.service is not None:
            standing = await self._asking.standing()
            if standing is not None and wanted.service in standing.off:
                return self._led(wording.is_off(standing.off[wanted.service]), await self._again())
        self._chat["misses"] = 0
        return await self._go(log.begin(self._chat, wanted.name, notice=notice, now=self._now))

    async def _wished(self, said: Answer | None) -> Reply:
        """No question is open: a menu line's words, a keyword or a notice's code open a dialogue."""
        typed = said if isinstance(said, str) else ""
        wish = key(typed)
        offered = [one for one in self._dialogues if self._address.audience in one.audiences]
        for one in offered if wish else ():
            names = {self._word(one.words), one.name, *one.keywords}
            if one.menu and wish in map(key, names):
                return await self._begin(one)
        for one in offered:
            if typed and one.reads and (notice := one.reads(typed)):
                return await self._begin(one, notice)
        return self._missed(wording.NOT_UNDERSTOOD, await self._menu())

    async def _menu(self, page: int = 0) -> Reply:
        log.park(self._chat)
        self._chat["aside"] = ""
        parked = [(talk["no"], self._named(talk)) for talk in log.parked_talks(self._chat)]
        standing = await self._asking.standing()
        offered = [one for one in self._dialogues if self._address.audience in one.audiences]
        return menu(offered, standing, parked, speech=self.speech, page=page)

    def _named(self, talk: log.Talk) -> str:
        known = self._dialogues.named(talk["dialogue"], self._address.audience) or gone
        return self._word(known.words)

    def _ask_language(self) -> Reply:
        self._chat["aside"] = "language"
        return language_list(self._medium)

    async def _speak(self, language: Language) -> Reply:
        self._chat["language"] = self._chat["untold"] = language.value
        self._chat["aside"] = ""
        self._chat["misses"] = 0
        await self._asking.tell_language()
        then = self._chat.pop("then", None)
        return await (self._tapped(then) if then else self._again())

    def _opening(self, payload: str) -> str:
        """What the payload of a deep link taps: `action-code` opens what the button would."""
        action, dash, code = payload.partition("-")
        known = dash and self._dialogues.acting_on(action, self._address.audience)
        return f"{action}|{code}" if known else "0.start|"


_MENU = "0.menu|~p0"


def _page(choice: str) -> int | None:
    number = choice[2:]
    plain = choice.startswith("~p") and number.isascii() and number.isdigit() and len(number) < 5
    return int(number) if plain else None


@dialogue("gone", words=wording.GONE_TALK, menu=False)
async def gone(_core: Core) -> None:
    """What stands in for a dialogue that a release took away."""
    await Say(wording.GONE)
