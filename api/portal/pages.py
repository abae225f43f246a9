"""A page: what it says and asks for, and its HTML.

Every page is made of the same few parts, needs no script and no outside host, and is worded once,
for its reader. What a page may load and who may frame it is said by its headers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jinja2
from fastapi import Response

from api.kit import look
from api.kit.language import Language, Sentence, _
from api.kit.speech import Medium, Speech

FOLDER = Path(__file__).parent

SENDER = _("Social Security Organization")
_NO_SECRETS = _("Our staff never ask for the password of a card or for a one-time code.")


_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is worded. `carry` goes with every link to a page of ours: `?lang=en`, or nothing.

    `secure` says that people reach us by HTTPS.
    """

    language: Language
    carry: str
    secure: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One button. `token` proves that the form came from our page.

    `leads_to` is the origin of another host to which its answer leads: the gateway's.
    """

    path: str
    label: Sentence
    token: str
    leads_to: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A page of ours to go on to."""

    path: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a list, with the paper it leads to."""

    title: Sentence
    lines: Sequence[Sentence]
    link: Link


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says.

    A figure is worded by its type, as a hole of a sentence is; `sign` leads the title. `again` is in seconds: the browser
    then asks for the same page by itself.
    """

    title: Sentence
    lines: Sequence[Sentence] = ()
    figures: Sequence[tuple[Sentence, Any]] = ()
    entries: Sequence[Entry] = ()
    form: Form | None = None
    link: Link | None = None
    after: Sequence[Sentence] = ()
    sign: Literal["", "done", "wait", "care"] = ""
    again: int | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(page: Page, reader: Reader) -> Response:
    """Word a page for its reader and answer it."""
    speech = Speech(reader.language, Medium.PAGE)
    html = _template().render(
        page=page,
        speech=speech,
        word=speech.word,
        say=speech.fact,
        others=[other for other in Language if other is not reader.language],
        sender=SENDER,
        footer=_NO_SECRETS,
        carry=reader.carry,
        version=look.version(),
    )
    said = headers(secure=reader.secure, leads_to=page.form.leads_to if page.form else "")
    said["content-language"] = reader.language.value
    if page.again is not None:
        # As a header, which every browser takes: in the page it would be a trap to assistive tools.
        said["refresh"] = str(page.again)
    return Response(html, page.status, {**said, **page.headers}, "text/html; charset=utf-8")


def headers(*, secure: bool, leads_to: str = "") -> dict[str, str]:
    """The headers of everything the portal answers: nobody may keep, frame, index or follow it.

    A browser follows a form's answer only to where `form-action` lets it, at every hop: to the
    gateway and from there to a bank that we cannot name. Only the page with that form lets it.
    """
    action = f"'self' https: {leads_to}" if leads_to else "'self'"
    said = {
        "cache-control": "no-store",
        "content-security-policy": (
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
            f"form-action {action}; frame-ancestors 'none'; base-uri 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow, noarchive",
    }
    if secure:
        said["strict-transport-security"] = f"max-age={_YEAR}"
    return said


@cache
def _template() -> jinja2.Template:
    return look.template(FOLDER / "templates", "page.html")
