"""The real core behind the dialogues, and the wire between them, which a transcript can cut."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.client import Core
from tests.bots.players import Player
from tests.support.core import Clock, Running

_NOBODY = "http://127.0.0.1:9"


@dataclass
class Wire:
    """The way from one client to the core."""

    core: Core
    running: Running
    _away: bool = False

    @property
    def away(self) -> bool:
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        self.core._knocker.url = _NOBODY if away else self.running.url

    def wait(self, seconds: float) -> None:
        """Let time pass at the core as well."""
        clock: Clock = self.running.clock
        clock.now += timedelta(seconds=seconds)


@dataclass
class PlayersClock(Clock):
    """The core's clock where it goes with the player's: what waits there has waited here.

    Every look at it takes some seconds, so that codes age and may be sent again.
    """

    player: Player | None = None

    def __call__(self) -> datetime:
        if self.player is None:
            return self.now
        self.player.now += 5
        return datetime.fromtimestamp(self.player.now, UTC)
