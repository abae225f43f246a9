"""Where a replay of a dialogue can stop.

Stop
  Pending   a question without an answer
  Refused   a refusal that the dialogue did not catch
  Away      the core cannot answer now
  Ended     the function came to its end
  Over      the talk cannot go on; its words say why
  Unlinked  the talk needs a linked chat
"""

from dataclasses import dataclass
from typing import Any

from api.errors import Refusal
from api.kit.language import Sentence
from bots.talk import Ask


@dataclass(frozen=True, slots=True)
class Pending:
    ask: Ask[Any]


@dataclass(frozen=True, slots=True)
class Refused:
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Away:
    retry_after: float


@dataclass(frozen=True, slots=True)
class Ended:
    pass


@dataclass(frozen=True, slots=True)
class Over:
    words: Sentence


@dataclass(frozen=True, slots=True)
class Unlinked:
    pass


Stop = Pending | Refused | Away | Ended | Over | Unlinked
