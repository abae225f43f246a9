"""Players who write SMS: digits and words, and no buttons."""

from typing import Any

from api.client import Core
from api.kit.message import Message as Said
from api.kit.outcome import Accepted, Outcome
from bots.adapters import Raw
from bots.adapters.sms import SmsAdapter, SmsMouth
from bots.reply import Line
from bots.talk import Dialogues
from notifier.channels import mouths
from notifier.channels.sms_http import KavenegarChannel
from tests.bots.players import Heard, Player

NUMBER = "+989990000501"


class SmsPlayer(Player):
    """A phone that writes SMS: digits and words, and no buttons."""

    def __init__(
        self,
        dialogues: Dialogues,
        core: Core,
        audience: str,
        language: str = "",
        number: str = NUMBER,
    ) -> None:
        heard: list[Heard] = []

        class Ear:
            can = KavenegarChannel.can

            async def send(self, to: mouths.Address, message: Said, reference: str) -> Outcome:
                assert to.phone == number, "answers go to the number that wrote, and nowhere else"
                assert not message.buttons
                heard.append(Heard(message.text, (), ""))
                return Accepted("1")

            async def ask(self, reference: str) -> None:
                return None

            async def close(self) -> None:
                return None

        super().__init__(
            dialogues,
            core,
            "people",
            SmsAdapter(SmsMouth(Ear())),
            heard=heard,
            language=language,
            chat=number,
        )

    def raw(self, kind: str, value: Any) -> Raw:
        """What the provider pushes; a tap is written as the digit or the words of its line."""
        written = self.written(value) if kind == "tap" else value
        text = written if kind in {"tap", "text"} else f"/start {value}"
        return {
            "messageid": str(self._number + 1),
            "from": "0" + self.address.chat[3:],
            "message": text,
        }

    def written(self, data: str) -> str:
        """The digit of a line, or its words where it has none."""
        digit = next((digit for digit, taps in self.chat["shown"].items() if taps == data), None)
        return digit or next((line.label for line in self.lines if line.data == data), data)

    @property
    def lines(self) -> list[Line]:
        """The lines of the last answer, with a digit or without."""
        return [
            line
            for reply in self.replies
            for line in (*reply.lines, *reply.others, *(line for _d, line in reply.ways))
        ]

    async def call(self) -> list[Heard]:
        """Ring, and say nothing."""
        return await self.send(
            {"messageid": f"missed {self._number}", "from": self.address.chat, "missed": True}
        )
