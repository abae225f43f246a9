"""A talk by SMS: short, without buttons, and never sure of who has written.

Few answers a day, and none to a machine (`bots.allowance`). While no question is open a number or a
word of the menu opens a dialogue, with what it needs behind it (`5 B-20417`) and the PIN last. What
a summary sends is sent by a code that went to the registered number.
"""

from dataclasses import replace
from uuid import UUID

from api.errors import Invalid, Refusal, Unavailable
from api.identity.refusals import CodeExpired, WrongCode
from api.kit.language import Language, Sentence
from api.kit.speech import Medium
from bots import allowance, log, understanding, wording
from bots.conversation import Conversation
from bots.menu import ALL, OTHERS, short_menu
from bots.questions import Question
from bots.replay import Answer, Run
from bots.reply import MENU, Reply
from bots.showing import TO_MENU
from bots.talk import Dialogue, Sent

PARTS = 4
"""The most parts that an answer of a dialogue takes as a rule, in every language, with a PIN and
without; a workplace's name makes an English SMS as long as a Persian one."""

LIST_PARTS = 8
"""The most parts of any question at all: eight lines of a list, or everything said before a summary."""

CONSENT_PARTS = 3
"""The most parts that who is not linked yet reads before they say yes."""

SHORT_PARTS = 1
"""The most parts of what the numbers of the menu answer at once, without a PIN."""

RECORD = "1"
"""The number of the menu that a missed call stands for (talks.md)."""


class Texting(Conversation):
    """The talks of one phone number, for one turn."""

    async def turn(self, sent: Sent) -> list[Reply]:
        """Answer an SMS or a missed call; silence where enough was said today, and for a machine."""
        sent = sent.cleaned()
        allowed = allowance.met(
            self._chat, "" if sent.rang else sent.text, keys=self._keys, now=self._now
        )
        left = allowance.left(self._chat, now=self._now)
        if left < 0 or not allowed:
            return []
        await self._asking.tell_language()
        if not left:
            reply = self._ending([self._word(wording.ENOUGH_TODAY)])
        else:
            reply = await self._followed(await self._heard(sent))
        if self.proved:
            allowance.renew(self._chat, now=self._now)
        return self._counted(self._said(reply))

    async def go_on(self) -> list[Reply]:
        """Try the core again; what is said then is one of the ten answers of a day too.

        After the tenth the talk waits for what its number writes on another day.
        """
        if allowance.left(self._chat, now=self._now) <= 0:
            return []
        said = await super().go_on()
        return self._counted(said) if said else said

    def _counted(self, said: list[Reply]) -> list[Reply]:
        written = said[-1].numbered(self.speech, links=False)
        allowance.spend(self._chat, written, keys=self._keys, now=self._now)
        return said

    async def _heard(self, sent: Sent) -> Reply:
        """Understand an SMS: what is open goes first, then the numbers of the menu, then words."""
        if not self._chat["language"]:
            standing = await self._asking.standing()
            spoken = standing.language if standing else Language.FA
            self._chat["language"] = spoken.value
        if sent.rang:
            # A missed call asks for the record, and answers no question.
            return await (self._again() if log.open_talk(self._chat) else self._wished(RECORD))
        if self._chat["aside"] not in {"", "meant"} or not sent.text:
            return await self._understood(sent)
        asked = understanding.with_pin(sent.text)
        if asked is not None and self._is_choice(asked[0]):
            unlocked = await self._asking.unlock(asked[1])
            if isinstance(unlocked, Unavailable):
                return self._ending([self._word(wording.TRY_LATER)])
            if isinstance(unlocked, Refusal):
                return self._ending([self._word(wording.refusal(unlocked))])
            if unlocked.changed:
                # Another one of the people of a phone: what was open was not theirs.
                self._chat["talks"], self._chat["shown"], self._chat["aside"] = [], {}, ""
            self.discreet = False
            return await self._understood(replace(sent, text=asked[0]))
        return await self._understood(sent)

    def _is_choice(self, text: str) -> bool:
        """Whether a text chooses something: a line of the list, or a number or word of the menu."""
        if understanding.digit(text) in self._chat["shown"]:
            return True
        return log.open_talk(self._chat) is None and self._command(text) is not None

    def _command(self, text: str) -> tuple[Dialogue, str] | None:
        """The dialogue that an SMS names by its number or its words, and what follows them."""
        first, _space, rest = text.partition(" ")
        whole = self._by_word(text)
        if whole is not None:
            # A word may name a part of what it opens: the gaps are the record's.
            return whole, (whole.reads(text) if whole.reads else None) or ""
        one = self._by_word(first)
        given = one.reads(rest) if one is not None and one.reads else None
        return (one, given) if one is not None and given else None

    def _by_word(self, text: str) -> Dialogue | None:
        number, wish = understanding.digit(text), understanding.alike(text)
        for digit, one in self._dialogues.by_sms().items():
            whole = self._dialogues.named(one.short_of, self._address.audiences) or one
            names = {*map(understanding.alike, (whole.name, *whole.keywords))}
            if number == digit or wish in names | understanding.opens(whole.name):
                return one
        return None

    async def _code_given(self, talk: log.Talk, run: Run, question: Question, code: str) -> Reply:
        """Take the code of a summary; a right one sends it."""
        try:
            await self._asking.confirm(run.audience, UUID(talk["confirming"]), code)
        except Unavailable:
            return self._led(wording.TRY_LATER, question.reply())
        except CodeExpired as no:
            log.look_at_question(talk)
            return self._led(wording.refusal(no), question.reply())
        except WrongCode as no:
            return self._led(wording.refusal(no), question.reply())
        except Invalid:
            return self._missed(wording.CODE_PLEASE, question.reply())
        self.proved = True
        return await self._accept(talk, run, question, True)

    async def _accept(self, talk: log.Talk, run: Run, question: Question, answer: Answer) -> Reply:
        """Take an answer; a summary's yes sends the code that is the yes."""
        if answer is not True or talk["view"] == "code":
            return await super()._accept(talk, run, question, answer)
        try:
            asked = await self._asking.ask_to_confirm(run.audience)
        except Unavailable:
            return self._led(wording.TRY_LATER, question.reply())
        except Refusal as no:
            return self._led(wording.refusal(no), question.reply())
        talk["view"], talk["confirming"] = "code", str(asked.id)
        return self._led(wording.code_sent(asked), question.reply())

    async def _replied(
        self, talk: log.Talk, run: Run, question: Question, said: Answer | None
    ) -> Reply:
        if talk["view"] != "code":
            return await super()._replied(talk, run, question, said)
        return await self._code_given(talk, run, question, said if isinstance(said, str) else "")

    async def _own(self, head: str, choice: str) -> Reply:
        if head == "0.menu":
            if choice == ALL:
                return await self._menu(0)
            if f"{head}|{choice}" == TO_MENU:
                return await self._menu()
            wanted = self._dialogues.named(choice, self._address.audiences)
            if wanted is not None and wanted.sms:
                return await self._begin(wanted)
        return await super()._own(head, choice)

    def _wanted(self, typed: str) -> tuple[Dialogue, str] | None:
        return self._command(typed) or super()._wanted(typed)

    async def _unknown(self, typed: str) -> Reply:
        """0 is the menu, and its 7 counts without it too; a wrong word costs one line."""
        digit = understanding.digit(typed)
        if digit in {MENU, OTHERS}:
            menu = await self._menu()
            return menu if digit == MENU else await self._tapped(menu.shown()[OTHERS])
        return self._ending([self._word(wording.WRITE_ZERO)])

    async def _begin(self, wanted: Dialogue, notice: str = "", *, audience: str = "") -> Reply:
        """Begin a talk as the audience whose dialogue it is; of several, one that is linked."""
        fitting = [one for one in self._address.audiences if one in wanted.audiences]
        if not audience and len(fitting) > 1:
            standing = await self._asking.standing()
            linked = standing.linked if standing else frozenset()
            audience = next((one for one in fitting if one in linked), fitting[0])
        return await super()._begin(wanted, notice, audience=audience)

    async def _menu(self, page: int | None = None) -> Reply:
        """The short menu, or all services from a page on."""
        if page is not None:
            return await super()._menu(page)
        log.park(self._chat)
        self._chat["aside"] = ""
        return short_menu(
            self._dialogues,
            await self._asking.standing(),
            self._half_linked(),
            speech=self.speech,
        )

    def _half_linked(self) -> int | None:
        """The number of the first meeting that the menu has parked."""
        starts = {one.name for one in self._dialogues if one.start}
        parked = log.parked_talks(self._chat)
        return next((talk["no"] for talk in parked if talk["dialogue"] in starts), None)

    def _missed(self, words: Sentence, again: Reply) -> Reply:
        """Say what was not understood, and only the list again: the question was paid for once."""
        if self.speech.medium is Medium.SMS:
            again = replace(again, text="", hint="")
        return super()._missed(words, again)

    async def _after(self, says: list[str]) -> Reply:
        return self._ending(says) if says else await self._menu()

    def _ending(self, says: list[str]) -> Reply:
        """Words alone: after them nothing is open, and there 0 is the menu."""
        self._chat["aside"] = ""
        return Reply("\n\n".join(says))
