"""How much a number is answered by SMS: ten answers a day, and no talk with a machine.

The sender of an SMS may be forged, and each answer costs money and rings a phone. A number from
which a code of ours came back has proved that somebody is there: its answers count from none again.
"""

from datetime import UTC, datetime

from api.kit import calendar
from api.kit.sealing import Keyring
from api.kit.text import key
from bots.log import Allowance, Chat

ANSWERS_A_DAY = 10
"""On a day of Tehran (guarantees.md, "Inbound SMS")."""
SAME_WORDS = 3
"""The same words so often in a row, each within `SOON` of the one before, are a machine's."""
SOON = 600.0


def met(chat: Chat, words: str, *, keys: Keyring, now: float) -> bool:
    """Note what a number wrote; False where it is not worth an answer.

    That is what we said ourselves last (our own words sent back), and the same words a third time.
    """
    spent = _of_today(chat, now)
    mark = _mark(words, keys)
    if mark == spent["echo"]:
        return False
    again = mark == spent["words"] and now - spent["at"] < SOON
    spent["times"] = spent["times"] + 1 if again else 1
    spent["words"], spent["at"] = mark, now
    return spent["times"] < SAME_WORDS


def left(chat: Chat, *, now: float) -> int:
    """How many answers a number may get today; 0 where it was told so, below that in silence."""
    return ANSWERS_A_DAY - _of_today(chat, now)["answers"]


def spend(chat: Chat, words: str, *, keys: Keyring, now: float) -> None:
    """Count an answer, and remember its words."""
    spent = _of_today(chat, now)
    spent["answers"] += 1
    spent["echo"] = _mark(words, keys)


def renew(chat: Chat, *, now: float) -> None:
    """Count from none again: a code of ours came back."""
    _of_today(chat, now)["answers"] = 0


def _mark(words: str, keys: Keyring) -> str:
    """Words as they are compared: a keyed hash, for what people write is not kept."""
    return keys.blind("sms_words", key(words)).hex()[:16]


def _of_today(chat: Chat, now: float) -> Allowance:
    day = calendar.today(datetime.fromtimestamp(now, UTC)).isoformat()
    spent = chat.get("allowance")
    if spent is None or spent["day"] != day:
        spent = Allowance(day=day, answers=0, words="", times=0, at=0.0, echo="")
        chat["allowance"] = spent
    return spent
