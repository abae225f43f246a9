"""Going on elsewhere: a code is given out for the open talk, or one brings a talk here."""

from api.errors import Unavailable
from api.kit import codes
from api.kit.language import Language
from api.kit.message import Message
from api.kit.speech import Speech
from api.kit.text import Code
from bots import carrying, log, wording
from bots.carrying import Move, Offer, Origin
from bots.reply import Reply
from bots.showing import Showing
from bots.standing import Asking
from bots.talk import Dialogue


class Elsewhere(Showing):
    """What a chat says of codes. `offered` and `moved` are kept together with the turn."""

    offered: Offer | None = None
    moved: Move | None = None

    async def _offer_elsewhere(self) -> Reply:
        """Give a code by which the open talk goes on in another chat."""
        again = await self._again()
        talk = log.open_talk(self._chat)
        wanted = talk and self._dialogues.named(talk["dialogue"], self._address.audiences)
        if not (talk and wanted and self._codes and carrying.may_go(talk, wanted)):
            return self._led(wording.NOTHING_TO_CARRY, again)
        code = codes.fresh()
        self.offered = Offer(code, talk["no"])
        told = wording.CARRY_CODE.using(
            talk=wanted.words,
            code=Code(codes.grouped(code)),
            minutes=int(carrying.CODE_SECONDS) // 60,
        )
        return self._led(told, again)

    async def _brought(self, code: str) -> Reply:  # noqa: PLR0911 - each end has words of its own.
        """Go on with the talk that a code brings; whatever opens nothing is told in one sentence."""
        wait = carrying.locked_seconds(self._chat, self._now)
        if wait:
            return self._led(wording.too_many_codes(wait), await self._here())
        origin = await self._origin(code)
        if origin is None:
            return await self._no_such_code()
        wanted, talk = self._carried(origin)
        if wanted is None or talk is None:
            return await self._no_such_code()
        self._chat["language"] = self._chat["language"] or origin.chat()["language"]
        if not wanted.public:
            try:
                audience = _audience(talk, origin)
                mine = await self._asking.mark(audience)
                theirs = await Asking(self._core, self._chat, origin.address).mark(audience)
            except Unavailable:
                return self._led(wording.TRY_LATER, await self._here())
            if mine is None:
                return self._led(wording.LINK_TO_CARRY, await self._start())
            if mine != theirs:
                return await self._no_such_code()
        return await self._take(origin, talk, wanted, code)

    async def _brings(self, code: str) -> bool:
        """Whether a code that was written alone brings a talk; one that brings none is a guess too."""
        if self._codes is None or carrying.locked_seconds(self._chat, self._now):
            return False
        found = await self._origin(code) is not None
        if not found:
            carrying.guessed_wrong(self._chat, self._now)
        return found

    async def _origin(self, code: str) -> Origin | None:
        """Where a code comes from; None also for one of this very chat."""
        origin = await self._codes.origin(code) if self._codes else None
        return origin if origin and origin.address != self._address else None

    def _carried(self, origin: Origin) -> tuple[Dialogue | None, log.Talk | None]:
        """The talk of a code and its dialogue, where this chat has that one too."""
        talk = origin.open()
        if talk is None or _audience(talk, origin) not in self._address.audiences:
            return None, None
        wanted = self._dialogues.named(talk["dialogue"], self._address.audiences)
        return (wanted, talk) if wanted and carrying.may_go(talk, wanted) else (None, None)

    async def _take(self, origin: Origin, talk: log.Talk, wanted: Dialogue, code: str) -> Reply:
        here = log.begin(
            self._chat,
            wanted.name,
            notice=talk["notice"],
            audience=_audience(talk, origin),
            now=self._now,
        )
        carrying.pour(
            talk,
            here,
            opened=log.Box(self._keys, str(origin.address), talk["no"]),
            sealed=log.Box(self._keys, str(self._address), here["no"]),
        )
        self._chat["misses"] = 0
        self._chat.pop("guesses", None)
        going_on = await self._go(here)
        there = Speech(Language(origin.chat()["language"] or Language.FA), origin.address.medium)
        told = there.word(wording.CARRIED_AWAY, talk=wanted.words)
        self.moved = Move(
            code,
            origin,
            carrying.left_behind(origin),
            Message(told, language=there.language.value),
        )
        return self._led(wording.CARRIED_HERE.using(talk=wanted.words), going_on)

    async def _no_such_code(self) -> Reply:
        carrying.guessed_wrong(self._chat, self._now)
        return self._led(wording.NO_SUCH_CODE, await self._here())

    async def _here(self) -> Reply:
        """What is open here; in a chat without a language that is the question of the language."""
        return await self._again() if self._chat["language"] else self._ask_language()


def _audience(talk: log.Talk, origin: Origin) -> str:
    """As whose chat a talk was held; one of an older release was its chat's own."""
    return talk.get("audience") or origin.address.audience
