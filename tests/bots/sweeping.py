"""Every question that stands in the dialogues, as it was asked: found by walking, kept to be shown again.

A question is known by where it stands in the source, so that one that is added is looked for too.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from types import FrameType
from typing import Any

from api.kit.language import Sentence
from bots import dialogues, log
from bots.address import Address
from bots.replay import Run
from bots.reply import Reply
from bots.showing import Showing
from bots.stops import Pending, Refused, Stop
from bots.talk import Ask, Confirm
from tests.bots import invented, walker
from tests.support import luck

TURNS = 150
"""Turns of one person: then another one begins anew."""
MOST = 120
"""So many people walk at most."""

AUDIENCES = ("employers", "people")
REFUSED = ("bots.questions", 0)
"""Where a refusal is answered: what to do about it is a question of the engine's own."""


@dataclass(frozen=True)
class Asked:
    """A question as it was asked: the chat as it is stored, what was said with it still to be said."""

    place: walker.Place
    name: str
    dialogue: str
    state: str
    address: Address
    now: float
    label: Sentence | None
    """What names it in a summary; None for what no summary shows."""
    alone: bool
    is_summary: bool
    size: int = 0

    def talking(self, **view: Any) -> str:
        """The chat with another list of the same question on show."""
        chat = json.loads(self.state)
        talk = log.open_talk(chat)
        assert talk is not None
        talk.update(view)  # type: ignore[typeddict-item]
        return json.dumps(chat)


Found = dict[tuple[walker.Place, str, str], Asked]
"""By place, dialogue and audience the longest of each."""


async def found_by_walking(channel: str, wanted: set[walker.Place]) -> Found:
    """Let people walk on a channel until every wanted question was asked, or for so long."""
    seed = luck.seed()
    chance = random.Random(seed)
    found: Found = {}
    tried: Counter[str] = Counter()
    with _noting(found):
        for part in range(MOST):
            audience = AUDIENCES[part % 2]
            core, wire = invented.somebodys(chance, part, "sms" if channel == "sms" else audience)
            person = walker.somebody(channel, dialogues.collected(), core, wire, audience)
            await walker.walk(
                person,
                wire,
                turns=TURNS,
                seed=seed + part,
                answers=invented.ANSWERS,
                openings=invented.OPENINGS,
                tried=tried,
                curious=0.9,
            )
            if wanted <= {place for place, *_more in found}:
                break
    return found


@contextmanager
def _noting(found: Found) -> Iterator[None]:
    """Note each question that is shown, and where it stands."""
    asked, confirmed, show = Ask.__init__, Confirm.__init__, Showing._show

    def standing(init: Any) -> Any:
        @wraps(init)
        def noted(self: Any, *given: Any, **more: Any) -> None:
            init(self, *given, **more)
            self.stands = _place(sys._getframe(1))

        return noted

    async def shown(self: Any, talk: log.Talk, run: Run, stop: Stop) -> Reply:
        new = len(run.says) + bool(run.pins)
        reply = await show(self, talk, run, stop)
        if isinstance(stop, Pending | Refused) and log.open_talk(self._chat) is talk:
            one = _asked(self, talk, run, stop, said=talk["said"][-new:] if new else [])
            key = (one.place, one.dialogue, one.address.audience)
            size = len(reply.text) + sum(len(line.label) for line in reply.lines)
            if one.alone or key not in found:
                one = replace(one, size=size if one.alone else 0)
                found[key] = max(one, found.get(key, one), key=lambda known: known.size)
        return reply

    Ask.__init__ = standing(asked)  # type: ignore[method-assign]
    Confirm.__init__ = standing(confirmed)  # type: ignore[method-assign]
    Showing._show = shown  # type: ignore[method-assign]
    try:
        yield
    finally:
        Ask.__init__ = asked  # type: ignore[method-assign]
        Confirm.__init__ = confirmed  # type: ignore[method-assign]
        Showing._show = show  # type: ignore[method-assign]


def _place(frame: FrameType) -> walker.Place:
    return (frame.f_globals["__name__"], frame.f_lineno)


def _asked(
    showing: Any, talk: log.Talk, run: Run, stop: Pending | Refused, *, said: list[str]
) -> Asked:
    """The question, with what was said since the one before it: `said` are the places of all that was.

    Behind a changed answer others are kept, and what follows each of them is said in the same turn.
    """
    since = run.passed.index(run.asked[-1]) if run.asked else 0
    here = [one for one in said if not run.asked or one.rpartition("#")[0] in run.passed[since:]]
    chat = json.loads(json.dumps(showing._chat))
    chat.pop("allowance", None)
    kept = log.open_talk(chat)
    assert kept is not None
    kept["said"] = [one for one in kept["said"] if one not in here]
    kept["view"], kept["page"] = "", 0
    ask = None if isinstance(stop, Refused) else stop.ask
    return Asked(
        place=ask.stands if ask is not None else REFUSED,  # type: ignore[attr-defined]
        name=stop.refusal.code if isinstance(stop, Refused) else stop.ask.name,
        dialogue=talk["dialogue"],
        state=json.dumps(chat),
        address=showing._address,
        now=showing._now,
        alone=here == said,
        label=ask.label if ask and not ask.secret and not isinstance(ask, Confirm) else None,
        is_summary=ask is None or isinstance(ask, Confirm),
    )
