"""From a template and facts to the words a person reads: chat, SMS, mail and inbox."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import jinja2

from api.kit.codes import grouped
from api.kit.language import Language, Medium, Speech, _
from api.kit.message import Button, Message
from api.kit.text import Code
from api.templates import layout
from api.templates.catalogue import ACTIONS, TEMPLATES
from api.templates.layout import Kind, Line, Wording

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
    speech = Speech(Language(language), _MEDIUMS[channel])
    wording = layout.wording(template_name, "chat" if channel == "inbox" else channel)
    told = template.facts.model_validate(facts)
    words = {
        **told.words(today=today),
        **{name: Code(value) for name, value in (secret or {}).items()},
        "check_code": Code(grouped(code)),
    }
    paragraphs = [said for lines in wording.paragraphs if (said := _said(lines, speech, words))]
    if speech.medium is Medium.EMAIL:
        return _mail(wording, paragraphs, speech, words)
    if speech.medium is Medium.SMS:
        lines = [each.plain for said in paragraphs for each in said]
        text = "\n".join([*lines, speech.word(_CHECK_ABOVE), words["check_code"]])
        return Message(text=text, language=language)
    return Message(
        text=f"{_plain(paragraphs)}\n\n{speech.word(_CHECK, **words)}",
        buttons=tuple((button,) for button in _buttons(template.offered(told), speech, code)),
        language=language,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A worded line; a row of figures has a value beside its label."""

    kind: Kind
    text: str
    value: str = ""

    @property
    def plain(self) -> str:
        return f"{self.text}: {self.value}" if self.value else self.text


def _said(lines: Sequence[Line], speech: Speech, words: Mapping[str, Any]) -> list[_Said]:
    return [
        _Said(
            line.kind,
            speech.word(line.sentence, **words),
            speech.word(line.value, **words) if line.value else "",
        )
        for line in lines
        if not any(words.get(name) is None for name in line.needs)
    ]


def _plain(paragraphs: Sequence[Sequence[_Said]]) -> str:
    return "\n\n".join("\n".join(each.plain for each in said) for said in paragraphs)


def _buttons(actions: Sequence[str], speech: Speech, code: str) -> Iterator[Button]:
    for action in actions:
        data = f"{action}|{code}"
        if len(data.encode()) > _MOST_BYTES_OF_A_BUTTON:
            raise ValueError(f"button {action!r} is too long for a messenger")
        yield Button(label=speech.word(ACTIONS[action]), data=data)


def _mail(
    wording: Wording,
    paragraphs: Sequence[Sequence[_Said]],
    speech: Speech,
    words: Mapping[str, Any],
) -> Message:
    if wording.subject is None:
        raise ValueError("the wording of a mail begins with its subject")
    # One line, whatever the facts hold: a subject is a header.
    subject = " ".join(speech.word(wording.subject, **words).split())
    footer = [speech.word(sentence, **words) for sentence in _MAIL_FOOTER]
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
def _skeleton() -> jinja2.Template:
    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    return jinja2.Environment(
        loader=folder, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    ).get_template("mail.html")
