"""The page of a talk: its words, its HTML, its headers.

It needs no script: each answer is a form, and a page that waits looks again by itself. The script
only spares the reader the new page, and tells a screen reader what was added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from api.files.rules import MediaType
from api.kit import look
from api.kit.language import Language, Sentence, _
from api.kit.message import Button
from api.kit.speech import Medium, Speech
from bots import wording
from bots.web.visits import Line

if TYPE_CHECKING:
    import jinja2

STATIC: Mapping[str, str] = {**look.TYPES, "talk.css": "text/css; charset=utf-8",
                             "talk.js": "text/javascript; charset=utf-8"}  # fmt: skip

LONGEST = 1000
"""Letters of a line; what a question takes is less."""
LOOK_AGAIN_SECONDS = 2

CLOSED = _("The talk was closed after half an hour of silence. You can begin another.")
LEFT = _("You have left the talk, and what was said in it is gone from this page.")
TOO_OFTEN = _("That was too often for now. Please wait a little and send it again.")
ONCE_MORE = _("This page was too old to be sent. Please send it once more.")
NO_PHONE = _("This is no mobile number. Please write it such as 0912 345 6789.")
NOTHING_LOST = _("Nothing is lost. Wait a minute and open it again.")
ANSWER_COMES = _("The answer is on its way …")

_TITLES: Mapping[str, Sentence] = {
    "people": _("Talk with us about your insurance"),
    "employers": _("Talk with us about your workplaces"),
}
AUDIENCES = tuple(_TITLES)
"""Those who can talk on the page."""

_WORDS: Mapping[str, Sentence] = {
    "sender": _("Social Security Organization"),
    "footer": _("Our staff never ask for the password of a card or for a one-time code."),
    "what": _("Here you can do without a messenger what our bots do. No sign-up is needed."),
    "shared": _(
        "After half an hour of silence the talk is closed. On a computer of others, leave it when you are done."
    ),
    "begin": _("Begin the talk"),
    "talk": _("Conversation"),
    "newest": _("To the newest message"),
    "you": _("You:"),
    "we": _("We:"),
    "write": _("Your message"),
    "send": wording.SEND,
    "phone": _("Your own mobile number"),
    "file": _("A photo, or a PDF"),
    "leave": _("Leave the talk"),
    "map": _("Show on the map"),
    "download": _("Download the PDF"),
}
_FOLDER = Path(__file__).parent
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows. `token` and `line` prove and name the forms on it.

    Without `lines` there is no talk yet. `trouble` is what stands in the way of what was sent.
    """

    audience: str
    language: Language
    token: str
    line: str
    lines: Sequence[Line] | None = None
    waiting: bool = False
    trouble: Sentence | None = None
    written: str = ""
    start: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One line as it is shown. `open` means that it can be answered."""

    id: int
    mine: bool
    open: bool
    text: str
    language: str
    direction: str
    buttons: Sequence[Sequence[Button]]
    wants: str
    wants_label: str
    pin: str
    paper: str
    picture: bool
    alt: str


def html(view: View) -> str:
    """Word a page for its reader."""
    speech = Speech(view.language, Medium.PAGE)
    lines = [] if view.lines is None else _shown(view)
    asked = [one for one in lines if one.open]
    return _template().render(
        view=view,
        speech=speech,
        title=speech.word(_TITLES[view.audience]),
        words={name: speech.word(words) for name, words in _WORDS.items()},
        trouble=view.trouble and speech.word(view.trouble),
        waiting=speech.word(ANSWER_COMES) if view.waiting else "",
        begun=view.lines is not None,
        lines=lines,
        newest=asked[0].id if asked else 0,
        wanting=next((one for one in reversed(asked) if one.wants), None),
        others=[other for other in Language if other is not view.language],
        longest=LONGEST,
        accepted=",".join(MediaType),
        version=look.version(),
    )


def headers(
    *, secure: bool, language: Language | None = None, again: bool = False
) -> dict[str, str]:
    """The headers of everything the page answers: nobody may keep, frame, index or follow it."""
    told = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
            "font-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
            "base-uri 'none'"
        ),
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    if secure:
        told["Strict-Transport-Security"] = f"max-age={_YEAR}"
    if language is not None:
        told["Content-Language"] = language.value
    if again:
        # As a header, which every browser takes: in the page it would be a trap to assistive tools.
        told["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return told


@cache
def static(name: str) -> bytes:
    """Give a file of `STATIC`."""
    return look.file(name) if name in look.TYPES else (_FOLDER / "static" / name).read_bytes()


def _shown(view: View) -> list[Said]:
    lines = view.lines or ()
    last = max((place for place, line in enumerate(lines) if line.mine), default=-1)
    return [
        _one(line, is_open=place > last, audience=view.audience)
        for place, line in enumerate(lines)
        # A tap on what is no more shown left no words.
        if line.message.text
    ]


def _one(line: Line, *, is_open: bool, audience: str) -> Said:
    said = line.message
    language = Language(said.language)
    pin = said.pin
    return Said(
        id=line.id,
        mine=line.mine,
        open=is_open,
        text=f"{pin.title}\n{pin.address}" if pin else said.text,
        language="" if line.mine else language.value,
        direction="auto" if line.mine else language.direction,
        buttons=said.buttons,
        wants=said.wants.value if said.wants else "",
        wants_label=said.wants_label,
        pin=f"geo:{pin.latitude},{pin.longitude}" if pin else "",
        paper=f"/talk/{audience}/paper/{line.id}" if said.order else "",
        picture=bool(said.order and said.order.picture),
        # The words beside it say all; in the picture's own place stands what it is about.
        alt=said.text.partition("\n")[0],
    )


@cache
def _template() -> "jinja2.Template":
    return look.template(_FOLDER / "templates", "talk.html")
