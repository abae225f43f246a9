"""One turn of a chat: what was said is understood, the dialogue replayed, what comes next is said.

    Conversation.turn      a message came in
    Conversation.go_on     the core is tried again for a talk that waits

The chat is plain JSON (`bots.log`), changed in place; the caller keeps it together with the
replies, in one transaction. Replies are never empty for a message of somebody who stays.
"""

from dataclasses import replace

from api.errors import Unavailable
from api.kit import codes
from api.kit.language import Language
from bots import carrying, log, understanding, wishes, wording
from bots.elsewhere import Elsewhere
from bots.questions import Question, is_open, option
from bots.replay import Answer, Run
from bots.reply import Reply, split
from bots.showing import to_take_back
from bots.stops import Away, Pending, Refused
from bots.talk import Confirm, Dialogue, Sent, Unclear
from bots.understanding import Word


class Conversation(Elsewhere):
    """The talks of one chat, for one turn.

    `now` is in seconds since epoch. After a turn `waits` says in how many seconds the core is worth
    trying again, None where nothing waits for it.
    """

    async def turn(self, sent: Sent) -> list[Reply]:
        """Answer one message. Empty only when the person has left."""
        if sent.left:
            return []
        if not sent.private:
            return [Reply(self._word(wording.PRIVATE_ONLY))]
        await self._asking.tell_language()
        return self._said(await self._followed(await self._understood(sent.cleaned())))

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
        if not self.waits:
            reply = self._led(wording.CORE_IS_BACK, reply)
        return self._said(await self._followed(reply))

    def _said(self, reply: Reply) -> list[Reply]:
        self._chat["shown"] = reply.shown()
        return split(reply)

    # What came in: something sent, a text, a word that is always understood, a tap.

    async def _understood(self, sent: Sent) -> Reply:
        if sent.tap:
            return await self._tapped(sent.tap)
        code = carrying.code_of(sent.start or "")
        if code is not None:
            # Its talk has a language; and what is kept until one is chosen stands in clear.
            return await self._brought(code)
        if not self._chat["language"] and self._chat["aside"] != "language":
            self._chat["then"] = self._opening(sent.start or "")
            return self._ask_language()
        if sent.start is not None:
            return await self._tapped(self._opening(sent.start))
        if sent.text:
            return await self._read(sent.text)
        return await self._answered(sent.contact or sent.place or sent.file)

    async def _read(self, text: str) -> Reply:  # noqa: PLR0911 - each kind of text has its own way.
        command = understanding.command(text)
        code = carrying.code_of(command[1]) if command else understanding.carried(text)
        if code is not None:
            return await self._brought(code)
        if command is not None and command[0] == "start":
            return await self._tapped(self._opening(command[1]))
        word = understanding.word(command[0] if command else text)
        if word is not None:
            return await self._always(word)
        if command is not None:
            wanted = self._dialogues.named(command[0], self._address.audiences)
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
                return await self._stepped_back(talk)
            case Word.CANCEL:
                return await (self._cancel(talk) if talk else self._menu())
            case Word.LANGUAGE:
                return self._ask_language()
            case Word.HELP:
                return self._led(wording.HELP, await self._again())
            case Word.PERSON:
                branch = await self._asking.branch(talk["grant"] if talk else "")
                return self._led(wording.a_person(branch), await self._again())
            case Word.ELSEWHERE:
                return await self._offer_elsewhere()
            case Word.NO_ACCESS:
                return await self._nobody_acts()
            case Word.STOP | Word.START:
                return await self._consented(on=word is Word.START)

    async def _stepped_back(self, talk: log.Talk | None) -> Reply:
        if talk is None or talk["state"] == "waiting" or self._chat["aside"]:
            self._chat["aside"] = ""
            return await self._again()
        return await self._tapped(f"{talk['asking']}|~back")

    async def _nobody_acts(self) -> Reply:
        """NO ACCESS: what chats of others may do for whoever writes, who need not be linked."""
        untold = await self._asking.end_persons()
        said = wording.TRY_LATER if untold else wording.NO_ACCESS
        return self._led(said, await self._again())

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
        wanted = self._dialogues.acting_on(head, self._address.audiences)
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
                wanted = self._dialogues.named(choice, self._address.audiences)
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

    async def _answered(self, said: Answer | None) -> Reply:  # noqa: PLR0911 - each standing has its own way out.
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
            return await self._woken(talk, said)
        run, stop = await self._run(talk)
        try:
            if not isinstance(stop, Pending | Refused):
                return await self._show(talk, run, stop)
            question = Question(talk, run, stop, self.speech)
            if question.wire != talk["asking"]:
                # It was said to another question, or to a summary of facts that have aged since.
                return await self._show(talk, run, stop)
            return await self._replied(talk, run, question, said)
        finally:
            run.close()

    async def _woken(self, talk: log.Talk, said: Answer | None) -> Reply:
        """Go on with a talk that waits for the core, and hear what was said meanwhile.

        It is no answer, since nothing had been asked when it was sent; but a wish is kept, and
        follows when the talk has come to its end.
        """
        typed = said if isinstance(said, str) else ""
        wanted = self._wanted(typed)
        code = self._bringing(typed, wanted)
        if code is not None and await self._brings(code):
            return await self._brought(code)
        if wanted is not None:
            log.wish_for_later(self._chat, talk, wanted[0].name, wanted[1])
        return await self._go(talk)

    async def _followed(self, reply: Reply) -> Reply:
        """Go on with what was wished for while a talk waited, once that has come to its end."""
        while not self._chat["aside"] and (wish := log.next_wish(self._chat)):
            wanted = self._dialogues.named(wish[0], self._address.audiences)
            if wanted is not None:
                following = await self._begin(wanted, wish[1])
                reply = replace(
                    following,
                    text=f"{reply.text}\n\n{following.text}",
                    links=(*reply.links, *following.links),
                    pins=(*reply.pins, *following.pins),
                    papers=(*reply.papers, *following.papers),
                )
        return reply

    async def _replied(
        self, talk: log.Talk, run: Run, question: Question, said: Answer | None
    ) -> Reply:
        """Match what was said with the question that is shown."""
        data = question.recognised(said)
        if data is not None:
            head, _bar, choice = data.rpartition("|")
            if head != question.wire:
                return await self._tapped(data)
            return await self._chosen(talk, run, question, choice)
        try:
            answer = question.checked(said)
        except Unclear as unclear:
            return self._missed(unclear.words, question.reply())
        return await self._accept(talk, run, question, answer)

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
        asked = to_take_back(talk, run)
        if not asked:
            return await self._menu()
        log.take_back(talk, asked[-1], run.passed[: run.passed.index(asked[-1])])
        return await self._go(talk)

    async def _cancel(self, talk: log.Talk) -> Reply:
        log.end(self._chat, talk)
        return await self._after([self._word(wording.CANCELLED)])

    async def _over(self) -> Reply:
        return self._led(wording.OVER, await self._again())

    # No question is open: a wish, a language, a deep link.

    async def _wished(self, said: Answer | None) -> Reply:
        """No question is open: a menu line's words, a keyword or a notice's code open a dialogue.

        Of anything else it is asked whether it means the dialogue that it is most like.
        """
        typed = said if isinstance(said, str) else ""
        yes = understanding.yes_or_no(typed) if self._chat["aside"] == "meant" else None
        if yes is not None:
            return await self._tapped(self._chat["shown"]["1" if yes else "2"])
        wanted = self._wanted(typed)
        code = self._bringing(typed, wanted)
        if code is not None and await self._brings(code):
            return await self._brought(code)
        if wanted is not None:
            return await self._begin(*wanted)
        offered = self._dialogues.offered_to(self._address.audiences)
        meant = wishes.likely(typed, [one for one in offered if one.menu])
        return await self._unknown(typed) if meant is None else self._ask_whether_meant(meant)

    def _bringing(self, typed: str, wanted: tuple[Dialogue, str] | None) -> str | None:
        """The code by which the text may bring a talk here, unless it is the name of a dialogue."""
        return codes.parse_code(typed) if wanted is None or wanted[1] else None

    def _wanted(self, typed: str) -> tuple[Dialogue, str] | None:
        """The dialogue that the words open, and the notice's code in them."""
        wish = understanding.alike(typed)
        offered = self._dialogues.offered_to(self._address.audiences)
        for one in offered if wish else ():
            names = map(understanding.alike, (self._word(one.words), one.name, *one.keywords))
            if one.menu and wish in {*names, *understanding.opens(one.name)}:
                return one, ""
        for one in offered:
            if one.short_of and not self._address.by_sms:
                continue
            if typed and one.reads and (notice := one.reads(typed)):
                return one, notice
        return None

    async def _unknown(self, _typed: str) -> Reply:
        return self._missed(wording.NOT_UNDERSTOOD, await self._menu())

    async def _speak(self, language: Language) -> Reply:
        # What was asked for before a first meeting waits for its end, not for another language.
        waiting = self._chat["language"] == ""
        self._chat["language"] = self._chat["untold"] = language.value
        self._chat["aside"] = ""
        self._chat["misses"] = 0
        await self._asking.tell_language()
        then = self._chat.pop("then", None) if waiting else None
        return await (self._tapped(then) if then else self._again())

    def _opening(self, payload: str) -> str:
        """What the payload of a deep link taps: `action-code` opens what the button would."""
        action, dash, code = payload.partition("-")
        known = dash and self._dialogues.acting_on(action, self._address.audiences)
        return f"{action}|{code}" if known else "0.start|"


def _page(choice: str) -> int | None:
    number = choice[2:]
    plain = choice.startswith("~p") and number.isascii() and number.isdigit() and len(number) < 5
    return int(number) if plain else None
