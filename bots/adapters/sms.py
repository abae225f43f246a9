"""Two-way SMS over Kavenegar's HTTP: what it pushes becomes neutral, replies leave by its API.

Its document does not say how inbound messages are pushed (domain page "Payment gateways, SMS,
messengers", section 2), so GET and POST are taken, and the names that its panel uses: `messageid`,
`from`, `to`, `message`. A missed call brings `from` alone and perhaps an id.

The number a message names as its sender may be forged: answers go there, and it proves nothing.
"""

import hashlib
from collections.abc import Mapping

from api.kit.identifiers import BadIdentifier, mobile
from api.kit.message import Message
from api.kit.outcome import Outcome
from bots.adapters import Raw
from bots.fetching import nowhere
from bots.talk import File, Sent
from notifier.channels.mouths import Address, Capabilities, Channel

MESSENGER = "sms"
_LONGEST = 2000
"""More parts than networks join; what is longer is no person's SMS."""
_MINUTE = 60


class SmsMouth:
    """The mouth of a line, for chats that are numbers."""

    def __init__(self, line: Channel) -> None:
        self._line = line

    @property
    def can(self) -> Capabilities:
        return self._line.can

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        return await self._line.send(Address(phone=to.chat_id), message, reference)

    async def ask(self, reference: str) -> Outcome | None:
        return await self._line.ask(reference)

    async def close(self) -> None:
        await self._line.close()


class SmsAdapter:
    """The line that people write to. It serves people and employers alike."""

    messenger = MESSENGER
    audience = "people"

    def __init__(self, channel: Channel) -> None:
        self.channel: Channel = channel

    @property
    def name(self) -> str:
        return MESSENGER

    def update_id(self, raw: Raw) -> int | None:
        """The provider's number of the message, or one made of its name: the same for the same name."""
        name = raw.get("messageid")
        if not isinstance(name, str) or not name:
            return None
        if name.isascii() and name.isdigit() and len(name) <= 18:
            return int(name)
        return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1

    def chat_of(self, raw: Raw) -> str | None:
        """The sender, as +989…; what is no mobile of this country (a short code, a name) has no turn."""
        sender = raw.get("from")
        try:
            return mobile(sender) if isinstance(sender, str) else None
        except BadIdentifier:
            return None

    def read(self, raw: Raw) -> Sent | None:
        if raw.get("missed"):
            return Sent(rang=True)
        text = raw.get("message")
        return Sent(text=text[:_LONGEST]) if isinstance(text, str) else Sent()

    async def acknowledge(self, sent: Sent) -> None:  # noqa: ARG002
        return None

    async def fetch(self, file: File) -> bytes:
        return await nowhere(file)

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:  # noqa: ARG002
        return []

    async def close(self) -> None:
        await self.channel.close()


def message_of(given: Mapping[str, str]) -> Raw:
    """What a push says of an SMS, as it is kept."""
    return {name: given.get(name, "") for name in ("messageid", "from", "to", "message")}


def call_of(given: Mapping[str, str], now: float) -> Raw:
    """What a push says of a missed call; without an id, one call a minute of a number is one."""
    sender = given.get("from", "")
    name = given.get("messageid") or f"{sender} {int(now // _MINUTE)}"
    return {"messageid": f"missed {name}", "from": sender, "missed": True}
