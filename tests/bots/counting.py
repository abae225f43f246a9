"""A phone that knows what it is owed: which of its messages are answered, and what none may hold.

Reckoned here beside the product's own count (`bots.allowance`), from what the specification says of
inbound SMS (guarantees.md): ten answers on a day of Tehran and one that says so; none to our own
words sent back, nor to the same words a third time within ten minutes; counted anew when a code
came back. No answer holds a link, nor an amount where no PIN was shown.
"""

import re
from datetime import UTC, datetime
from typing import Any

from api.client.identity import UNLOCK
from api.kit.calendar import today
from api.kit.text import key
from bots import wording
from bots.adapters import Raw
from bots.talk import Dialogues
from tests.bots.phones import SmsPlayer
from tests.bots.players import Heard
from tests.bots.pretend import PretendKnocker

A_DAY, IN_A_ROW, MINUTES = 10, 3, 10
AMOUNT = re.compile("[0-9۰-۹٠-٩][0-9۰-۹٠-٩,٬]* (?:rials|tomans|ریال|تومان|ريال|ڕیاڵ|تمەن)")


class CountingPlayer(SmsPlayer):
    """Fails where an answer is missing that is owed, or comes that is not."""

    def __init__(
        self, dialogues: Dialogues, core: Any, wire: PretendKnocker, language: str = ""
    ) -> None:
        super().__init__(dialogues, core, "people", language)
        self._wire = wire
        self._day = ""
        self._answers = 0
        self._words, self._times, self._at = "", 0, 0.0
        self._ours = ""

    async def send(self, raw: Raw) -> list[Heard]:
        """Send it, and judge what comes back or does not."""
        self._begin()
        owed = self._owed("" if raw.get("missed") else raw["message"])
        last = self._answers == A_DAY
        proofs, away, calls = self._wire.proofs, self._wire.failures, len(self._wire.calls)
        heard = await super().send(raw)
        assert bool(heard) == owed, f"{'silence' if owed else 'an answer'}: {self._answers} today"
        self._judge(heard, unlocked=self._unlocked(calls))
        if not owed:
            return heard
        if last:
            [one] = heard
            assert one.text == self._conversation().speech.word(wording.ENOUGH_TODAY)
        if self._wire.proofs > proofs:
            # Whether it was heard that somebody is linked now hangs on a core that answers.
            known = self.chat["allowance"]["answers"] == 1
            assert known or self._wire.failures > away, "a code came back"
            self._answers = 0 if known else self._answers
        self._count(heard)
        return heard

    async def wake(self) -> list[Heard]:
        """What is said when the core is back counts as an answer."""
        self._begin()
        heard = await super().wake()
        self._judge(heard, unlocked=False)
        if heard:
            assert self._answers < A_DAY, "an answer more than ten"
            self._count(heard)
        return heard

    def _begin(self) -> None:
        day = today(datetime.fromtimestamp(self.now, UTC)).isoformat()
        if day != self._day:
            self._day, self._answers = day, 0
            self._words, self._times, self._at, self._ours = "", 0, 0.0, ""

    def _owed(self, written: str) -> bool:
        said = key(written)
        if said and said == self._ours:
            return False
        again = self._times and said == self._words and self.now - self._at < MINUTES * 60
        self._times = self._times + 1 if again else 1
        self._words, self._at = said, self.now
        return self._times < IN_A_ROW and self._answers <= A_DAY

    def _count(self, heard: list[Heard]) -> None:
        self._answers += 1
        self._ours = key(heard[-1].text)

    def _judge(self, heard: list[Heard], *, unlocked: bool) -> None:
        for one in heard:
            assert "http" not in one.text, one.text
            assert "geo:" not in one.text, one.text
            assert unlocked or not AMOUNT.search(one.text), f"an amount without a PIN: {one.text}"

    def _unlocked(self, since: int) -> bool:
        """Whether a PIN was shown."""
        return any(UNLOCK.path in door for door, *_more in self._wire.calls[since:])
