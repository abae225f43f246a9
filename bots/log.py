"""What the bots remember of a chat: plain JSON, small, and sealed where it is somebody's.

    Chat     language, number of the next talk, the talks, and the list that was shown last
      Talk   one dialogue under way: its steps by name, its revision, where it stands
        Step one answer or one result

Option ids stand in clear; what was typed, results and the facts of refusals are sealed, each bound
to its chat, talk and step, so that a sealed value copied elsewhere does not open.
"""

import base64
import json
from typing import Any, Literal, NotRequired, TypedDict

from api.kit.sealing import Keyring

HOUR = 3600.0
PARKED_AT_MOST = 5
LATER_AT_MOST = 5


class Step(TypedDict, total=False):
    """One of: option, sealed (typed or sent), did (a result), refused (with params)."""

    option: str
    sealed: str
    did: str
    refused: str
    status: int
    params: str


class Talk(TypedDict):
    """One talk. `language` is the chat's when it was opened, `grant` whom it acts for where there was nothing to choose ("me" for the person alone).

    `asking` is the wire name of the open question, `view` and `page` which of its lists is shown,
    `changing` a question to be asked although it has an answer, `audience` as whose chat it is held
    (by SMS one number serves several), `confirming` the confirmation whose code is awaited, `closed` the steps that an accepted
    Finish froze, `said` the sentences already said, `touched` the last turn in seconds since epoch.
    """

    no: int
    dialogue: str
    notice: str
    language: str
    grant: str
    state: Literal["open", "waiting", "parked"]
    revision: int
    asking: str
    view: str
    page: int
    changing: str
    touched: float
    closed: list[str]
    said: list[str]
    steps: dict[str, Step]
    audience: NotRequired[str]
    confirming: NotRequired[str]


class Allowance(TypedDict):
    """What a number was answered on a day, and what it said last: a keyed hash, how often, when.

    `echo` is the keyed hash of our own last words.
    """

    day: str
    answers: int
    words: str
    times: int
    at: float
    echo: str


class Guesses(TypedDict):
    """Wrong codes in a row, and until when none is tried, in seconds since epoch."""

    wrong: int
    until: float


class Chat(TypedDict):
    """One chat. `salt` makes its idempotency keys its own even after its memory was lost.

    `shown` maps the digits of the list shown last to what they tap; `aside` is the engine's own
    question that stands before a talk's; `then` is what was asked for before a language was chosen;
    `untold` is a switch of language the core has not heard of. `allowance` is what a number was
    answered by SMS (bots.allowance), `guesses` are those at codes that bring a talk (bots.carrying).
    `later` are the dialogues, each with what it is about, that were wished for while a talk waited.
    """

    salt: str
    language: str
    next: int
    talks: list[Talk]
    shown: dict[str, str]
    aside: str
    misses: int
    then: NotRequired[str]
    untold: NotRequired[str]
    allowance: NotRequired[Allowance]
    guesses: NotRequired[Guesses]
    later: NotRequired[list[tuple[str, str]]]


def new_chat(salt: str, language: str = "") -> Chat:
    """A chat nobody has spoken in yet; without a language it will be asked first."""
    return Chat(salt=salt, language=language, next=1, talks=[], shown={}, aside="", misses=0)


def open_talk(chat: Chat) -> Talk | None:
    """The one talk that a message may answer."""
    return next((talk for talk in chat["talks"] if talk["state"] != "parked"), None)


def parked_talks(chat: Chat) -> list[Talk]:
    """Those set aside, the latest first."""
    return [talk for talk in reversed(chat["talks"]) if talk["state"] == "parked"]


def begin(chat: Chat, dialogue: str, *, notice: str, audience: str, now: float) -> Talk:
    """Open a talk and park the one that was open; an older one of the same kind ends."""
    park(chat)
    chat["talks"] = [
        talk for talk in chat["talks"] if (talk["dialogue"], talk["notice"]) != (dialogue, notice)
    ][-PARKED_AT_MOST:]
    talk = Talk(
        no=chat["next"],
        dialogue=dialogue,
        notice=notice,
        language=chat["language"] or "fa",
        grant="",
        state="open",
        revision=0,
        asking="",
        view="",
        page=0,
        changing="",
        touched=now,
        closed=[],
        said=[],
        steps={},
        audience=audience,
    )
    chat["next"] += 1
    chat["talks"].append(talk)
    return talk


def wish_for_later(chat: Chat, talk: Talk, dialogue: str, notice: str) -> None:
    """Keep a wish until the talk that waits has come to its end; once, and the last few alone."""
    wish, known = (dialogue, notice), [(one, of) for one, of in chat.get("later", [])]
    if wish != (talk["dialogue"], talk["notice"]) and wish not in known:
        chat["later"] = [*known, wish][-LATER_AT_MOST:]


def next_wish(chat: Chat) -> tuple[str, str] | None:
    """Take the first of what was wished for later; None while a talk is open, or where all is done."""
    if open_talk(chat) is not None or not chat.get("later"):
        return None
    (dialogue, notice), *left = chat["later"]
    chat["later"] = left
    if not left:
        chat.pop("later")
    return dialogue, notice


def park(chat: Chat) -> None:
    """Set the open talk aside. One in which nothing was answered yet is not worth keeping.

    Whoever leaves a talk that waits leaves what they wished for behind it.
    """
    talk = open_talk(chat)
    if talk is None:
        return
    chat.pop("later", None)
    if any("option" in step or "sealed" in step for step in talk["steps"].values()):
        talk["state"] = "parked"
        look_at_question(talk)
    else:
        end(chat, talk)


def resume(chat: Chat, talk: Talk) -> None:
    """Take a parked talk up again, the latest of all."""
    park(chat)
    talk["state"] = "open"
    chat["talks"].remove(talk)
    chat["talks"].append(talk)


def end(chat: Chat, talk: Talk) -> None:
    """Forget a talk with its answers and results; its taps are over."""
    chat["talks"].remove(talk)


def look_at_question(talk: Talk) -> None:
    """Leave any second list or page: the question itself is shown next."""
    talk["view"] = ""
    talk["page"] = 0
    talk["changing"] = ""


def answer(talk: Talk, question: str, kept: Step, passed: list[str]) -> None:
    """Keep an answer, first or changed, and drop what it makes untrue.

    `passed` names the steps this replay passed before the question. Every result, refusal and
    summary answer that is not among them goes, and so do the sentences said after it; if anything
    was dropped or replaced the revision grows, so that a call with new facts has a new key.
    """
    replaced = question in talk["steps"]
    if _drop_after(talk, passed) or replaced:
        talk["revision"] += 1
    talk["steps"][question] = kept


def take_back(talk: Talk, question: str, passed: list[str]) -> None:
    """Forget an answer, to ask again. The revision grows: a call may be under way with it."""
    _drop_after(talk, passed)
    talk["steps"].pop(question, None)
    talk["revision"] += 1


def age(talk: Talk, now: float) -> bool:
    """Drop the results of a talk untouched for an hour; True when there were any."""
    old = now - talk["touched"] > HOUR
    talk["touched"] = now
    if not old:
        return False
    kept = set(talk["closed"])
    stale = [name for name, step in talk["steps"].items() if _is_result(step) and name not in kept]
    for name in stale:
        del talk["steps"][name]
    if stale:
        talk["revision"] += 1
    return bool(stale)


def close(talk: Talk, passed: list[str]) -> None:
    """Freeze everything passed, the accepted Finish the last of it."""
    talk["closed"] = list(passed)


def _drop_after(talk: Talk, passed: list[str]) -> bool:
    before = {*passed, *talk["closed"], ""}
    untrue = [name for name, step in talk["steps"].items() if name not in before and _falls(step)]
    for name in untrue:
        del talk["steps"][name]
    talk["said"] = [said for said in talk["said"] if said.rpartition("#")[0] in before]
    return bool(untrue)


def _is_result(step: Step) -> bool:
    return "did" in step or "refused" in step


def _falls(step: Step) -> bool:
    # The answer of a summary falls with the facts it was given on; Confirm keeps it in clear.
    return _is_result(step) or step.get("option") in {YES, NO}


YES, NO = "=yes", "=no"
"""The answers of a summary; no option's id begins so."""


class Box:
    """Seals the values of one talk, each bound to its step."""

    def __init__(self, keys: Keyring, chat: str, talk: int) -> None:
        self._keys = keys
        self._context = f"bots.talk {chat} {talk}"

    def seal(self, step: str, value: Any) -> str:
        """Seal a JSON value."""
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return self.seal_text(step, plain)

    def seal_text(self, step: str, text: str) -> str:
        sealed = self._keys.seal(text, context=f"{self._context} {step}")
        return base64.b64encode(sealed).decode("ascii")

    def open(self, step: str, sealed: str) -> Any:
        """Open a JSON value; raises CannotOpen."""
        return json.loads(self.open_text(step, sealed))

    def open_text(self, step: str, sealed: str) -> str:
        return self._keys.open(base64.b64decode(sealed), context=f"{self._context} {step}")
