"""Codes that carry a talk from one player to another, where no memory is at work."""

from typing import TYPE_CHECKING

from bots.carrying import Origin
from bots.conversation import Conversation

if TYPE_CHECKING:
    from tests.bots.players import Player


class Carried:
    """The codes that the players of one story were given, and whose talk each of them brings."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Player, int]] = {}
        self.last = ""

    async def origin(self, code: str) -> Origin | None:
        """The chat a code comes from, as it is now; None for one that was never given, or is used."""
        if code not in self._given:
            return None
        player, talk = self._given[code]
        return Origin(str(player.address), player.address, player.state, talk)

    def keep(self, player: "Player", conversation: Conversation) -> None:
        """Keep what a turn came to: a code that was given, a talk that has left its chat."""
        if conversation.offered is not None:
            self.last = conversation.offered.code
            self._given[self.last] = (player, conversation.offered.talk)
        if conversation.moved is not None:
            left, _talk = self._given.pop(conversation.moved.code)
            left.state = conversation.moved.left
