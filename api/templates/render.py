"""From a template and facts to the words a person reads: chat, SMS, mail and inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.kit.codes import grouped
from api.kit.language import Language, _
from api.kit.message import Button, Message
from api.kit.speech import Medium, Speech
from api.kit.text import Code
from api.templates import layout
from api.templates.catalogue import ACTIONS, TEMPLATES
from api.templates.layout import Kind, Line, Wording

if TYPE_CHECKING:
    import jinja2

# What a messenger lets come back from a button (Bot API: 1-64 bytes).
_MOST_BYTES_OF_A_BUTTON = 64
_MEDIUMS = {
    "chat": Medium.CHAT,
    "inbox": Medium.CHAT,
    "sms": Medium.SMS,
    "email": Medium.EMAIL,
}
_SENDER = _("Social Security Organization")
_CHECK = _("Check code: {check_code}")
# On a phone without direction marks a code keeps its order only on a line of its own.
_CHECK_ABOVE = _("Check code:")
_MAIL_FOOTER = (
    _("To be sure that this message is ours, send its check code to our bot: {check_code}"),
    _("Our staff never ask for the password of a card or for a one-time code."),
)


def message(
    template_name: str,
    facts: Mapping[str, Any],
    *,
    language: str,
    channel: str,
    code: str,
    secret: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Message:
    """Word a notice for `chat`, `sms`, `email` or `inbox` (the words of chat).

    `facts` are as stored with the notice, `code` is its check code, ungrouped. `secret` is what is
    not stored (a one-time code); `today` is the day of sending, without it nothing relative is said.
    LookupError for a template, channel or wording that does not exist and for a missing secret,
    pydantic's ValidationError for facts that do not fit.
    """
    template = TEMPLATES[template_name]
    speech = _speech(language, channel)
    wording = layout.wording(template_name, "chat" if channel == "inbox" else channel)
    told = template.facts.model_validate(facts)
    words = dict(told.words(today=today))
    if secret:
        words.update((name, Code(value)) for name, value in secret.items())
    words["check_code"] = Code(grouped(code))
    if speech.medium is Medium.EMAIL:
        return _mail(wording, speech, words)
    plain = [said for lines in wording.paragraphs if (said := _plainly(lines, speech, words))]
    if speech.medium is Medium.SMS:
        text = "\n".join([*plain, speech.word(_CHECK_ABOVE), words["check_code"]])
        return Message(text=text, language=language)
    plain.append(speech.say(_CHECK, words))
    buttons = tuple([
        (_button(action, speech.language, code),) for action in template.offered(told)
    ])  # fmt: skip
    return Message(text="\n\n".join(plain), buttons=buttons, language=language)


def _plainly(lines: Sequence[Line], speech: Speech, words: Mapping[str, Any]) -> str:
    """Word a paragraph for those who read no page; empty where nothing of it is said."""
    said = []
    for line in lines:
        if not line.needs or _is_sayable(line, words):
            text = speech.say(line.sentence, words)
            said.append(_row(text, speech.say(line.value, words)) if line.value else text)
    return "\n".join(said)


def _is_sayable(line: Line, words: Mapping[str, Any]) -> bool:
    # A loop, for it is asked of every line of every message: `all` makes a generator each time.
    for name in line.needs:  # noqa: SIM110
        if words.get(name) is None:
            return False
    return True


def _row(label: str, value: str) -> str:
    return f"{label}: {value}" if value else label


@dataclass(frozen=True, slots=True)
class _Said:
    """A worded line; a row of figures has a value beside its label."""

    kind: Kind
    text: str
    value: str = ""

    @property
    def plain(self) -> str:
        return _row(self.text, self.value)


def _said(lines: Sequence[Line], speech: Speech, words: Mapping[str, Any]) -> list[_Said]:
    return [
        _Said(
            line.kind,
            speech.say(line.sentence, words),
            speech.say(line.value, words) if line.value else "",
        )
        for line in lines
        if _is_sayable(line, words)
    ]


def _plain(paragraphs: Sequence[Sequence[_Said]]) -> str:
    return "\n\n".join("\n".join(each.plain for each in said) for said in paragraphs)


def _button(action: str, language: Language, code: str) -> Button:
    data = f"{action}|{code}"
    if len(data.encode()) > _MOST_BYTES_OF_A_BUTTON:
        raise ValueError(f"button {action!r} is too long for a messenger")
    return Button(_label(action, language), data)


@cache
def _label(action: str, language: Language) -> str:
    return Speech(language).word(ACTIONS[action])


@cache
def _speech(language: str, channel: str) -> Speech:
    return Speech(Language(language), _MEDIUMS[channel])


def _mail(
    wording: Wording,
    speech: Speech,
    words: Mapping[str, Any],
) -> Message:
    if wording.subject is None:
        raise ValueError("the wording of a mail begins with its subject")
    paragraphs = [said for lines in wording.paragraphs if (said := _said(lines, speech, words))]
    # One line, whatever the facts hold: a subject is a header.
    subject = " ".join(speech.say(wording.subject, words).split())
    footer = [speech.say(sentence, words) for sentence in _MAIL_FOOTER]
    sender = speech.word(_SENDER)
    html = _skeleton().render(
        language=speech.language,
        direction=speech.direction,
        start="right" if speech.direction == "rtl" else "left",
        subject=subject,
        sender=sender,
        blocks=[
            (kind, list(each)) for said in paragraphs for kind, each in groupby(said, _BY_KIND)
        ],
        footer=footer,
    )
    text = "\n\n".join([sender, _plain(paragraphs), "\n".join(footer)])
    return Message(text=text, subject=subject, html=html, language=speech.language)


_BY_KIND = attrgetter("kind")


@cache
def _skeleton() -> "jinja2.Template":
    # Mails alone are pages: who sends none does without the library of pages, two MiB.
    import jinja2

    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    return jinja2.Environment(
        loader=folder, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    ).get_template("mail.html")
