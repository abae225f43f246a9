"""Mail by SMTP, over connections that are kept (performance.md: a new one each costs half).

Every mail has a plain part beside its page. Our reference is its Message-ID, the same for each try,
so that what came twice can be told to be one. SMTP cannot be asked what became of a mail.
"""

import asyncio
import base64
import re
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import errors as told

from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from notifier.channels.mouths import Address, Capabilities

_TIMEOUT_SECONDS = 10.0
_CONNECTIONS = 8
# Who is refused before the receiver is named: our account at the relay.
_OF_US = frozenset({"login", "sender", "server"})


class _Policy(EmailPolicy):
    """SMTP's policy, but for headers in letters beyond ASCII.

    The library's own folding drops the space between two encoded words (CPython gh-92081): here
    each encoded word holds its spaces.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if str(value).isascii() or name not in {"Subject", "From"}:
            return super().fold_binary(name, value)
        text = str(value)
        if name == "From":
            display, address = parseaddr(text)
            text = formataddr((Header(display, "utf-8", header_name=name).encode(), address))
        else:
            text = Header(text, "utf-8", header_name=name).encode()
        return f"{name}: {text}\n".replace("\n", self.linesep).encode("ascii")


POLICY = _Policy(linesep=SMTP.linesep)


class BadMailSettings(ValueError):
    """The mail settings cannot be used; the text says which and why."""


class EmailChannel:
    """The mouth of one mail server.

    `url` is smtp://[user:password@]host[:port], or smtps:// for TLS from the first byte; with
    smtp:// TLS is begun where the server offers it. Raises BadMailSettings that names `setting`.
    """

    can = Capabilities(length=1_000_000, files=True, links=True)

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        connections: int = _CONNECTIONS,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        setting: str = "NOTIFIER_SMTP_URL",
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise BadMailSettings(
                f"{setting} is no mail server's address: write smtp://host:port or smtps://."
            )
        address = parseaddr(sender)[1]
        if "@" not in address:
            raise BadMailSettings(
                "NOTIFIER_MAIL_FROM is no mail address: write Name <name@example.org>."
            )
        self._from, self._address = sender, address
        self._domain = address.rpartition("@")[2]
        self._server = {
            "hostname": parts.hostname,
            "port": parts.port,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": parts.scheme == "smtps",
            "local_hostname": self._domain,
            "timeout": timeout_seconds,
        }
        self._free: asyncio.LifoQueue[aiosmtplib.SMTP | None] = asyncio.LifoQueue()
        for _ in range(connections):
            self._free.put_nowait(None)

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        """Hand over one mail; the Unknown is what was cut off after its text began to leave."""
        try:
            content = compose(
                message,
                sender=self._from,
                to=to.email,
                message_id=f"<{reference}@{self._domain}>",
            )
        except (ValueError, UnicodeError):
            # A line break in a header, for one: refused rather than mended.
            return Rejected("bad_header")
        server = await self._free.get()
        kept: aiosmtplib.SMTP | None = None
        try:
            with points.around("channels.email.send"):
                outcome, kept = await self._deliver(server, to.email, content)
        finally:
            if server is not None and server is not kept:
                server.close()
            self._free.put_nowait(kept)
        return outcome

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        """SMTP cannot be asked: None."""
        return None

    async def close(self) -> None:
        while not self._free.empty():
            server = self._free.get_nowait()
            if server is not None:
                await _leave(server)

    async def _deliver(
        self, server: aiosmtplib.SMTP | None, to: str, content: bytes
    ) -> tuple[Outcome, aiosmtplib.SMTP | None]:
        kept = server is not None and server.is_connected
        if server is None or not kept:
            server = aiosmtplib.SMTP(**self._server)  # type: ignore[arg-type]
        try:
            refusal = await self._begin(server, to)
        except (OSError, told.SMTPException):
            server.close()
            # A kept connection may have been let go by the other side: a fresh one says the truth.
            if kept:
                return await self._deliver(None, to, content)
            return Rejected("not_reached", again=True), None
        if refusal is not None:
            await _leave(server)
            return refusal, None
        try:
            await server.data(content)
        except told.SMTPResponseException as error:
            await _leave(server)
            return _refused(error.code, "data"), None
        except (OSError, told.SMTPException):
            server.close()
            return Unknown("broken_off"), None
        return Accepted(), server

    async def _begin(self, server: aiosmtplib.SMTP, to: str) -> Rejected | None:
        """Say who writes to whom; a refusal, or None when the text may follow."""
        try:
            if not server.is_connected:
                await server.connect()
            await server.mail(self._address)
            await server.rcpt(to)
        except told.SMTPRecipientRefused as error:
            if _may_pass(error.code):
                return Rejected(f"recipient_{error.code}", again=True, alone=True)
            return Rejected("no_such_mailbox", address_dead=True)
        except told.SMTPSenderRefused as error:
            return _refused(error.code, "sender")
        except told.SMTPAuthenticationError as error:
            return _refused(error.code, "login")
        except told.SMTPConnectResponseError as error:
            return _refused(error.code, "server")
        return None


def compose(message: Message, *, sender: str, to: str, message_id: str) -> bytes:
    """Write a mail: plain text, its page beside it, papers attached.

    Raises ValueError when a header would hold a line break, or an address is not ASCII.
    """
    own = f"Date: {formatdate(localtime=True)}\r\nMessage-ID: {message_id}\r\n"
    return b"".join((
        _head(sender, message.subject, message.language),
        _addressed(to),
        own.encode("ascii"),
        _body(message),
    ))  # fmt: skip


@lru_cache(maxsize=256)
def _head(sender: str, subject: str, language: str) -> bytes:
    """The headers that thousands of mails share: the library takes a millisecond to fold them."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender
    mail["Subject"] = subject
    mail["Content-Language"] = language
    # RFC 3834: nobody's holiday answer is owed to a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail["MIME-Version"] = "1.0"
    return mail.as_bytes().removesuffix(b"\r\n")


def _addressed(to: str) -> bytes:
    line = f"To: {to}\r\n".encode("ascii")
    if _PLAIN_ADDRESS.fullmatch(to):
        return line
    mail = EmailMessage(policy=POLICY)
    mail["To"] = to
    return mail.as_bytes().removesuffix(b"\r\n")


def _body(message: Message) -> bytes:
    if message.papers:
        return _with_papers(message)
    text = _part("plain", message.text)
    if not message.html:
        return text
    return b"".join((
        b'Content-Type: multipart/alternative; boundary="' + _BOUNDARY + b'"\r\n\r\n',
        b"--" + _BOUNDARY + b"\r\n" + text,
        b"--" + _BOUNDARY + b"\r\n" + _part("html", message.html),
        b"--" + _BOUNDARY + b"--\r\n",
    ))  # fmt: skip


def _part(kind: str, text: str) -> bytes:
    lines = [*text.encode("utf-8").splitlines(), b""]
    content = base64.encodebytes(b"\r\n".join(lines)).replace(b"\n", b"\r\n")
    return _PART_HEAD % kind.encode("ascii") + content


def _with_papers(message: Message) -> bytes:
    """A body whose papers have names in any script: the library knows how those are written."""
    mail = EmailMessage(policy=POLICY)
    mail.set_content(message.text, cte="base64")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="base64")
    for paper in message.papers:
        main, _, sub = paper.media_type.partition("/")
        mail.add_attachment(paper.content, maintype=main, subtype=sub, filename=paper.name)
    del mail["MIME-Version"]
    return mail.as_bytes()


# What stands in a header as it is; of any other the library decides.
_PLAIN_ADDRESS = re.compile(r"[\w.+-]{1,40}@[\w.-]{1,40}", re.ASCII)
# No line of base64 holds it (RFC 2045, 6.7): one for all mails.
_BOUNDARY = b"=_part"
_PART_HEAD = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'


def _refused(code: int, who: str) -> Rejected:
    """Tell a refusal by its code: 4xx may pass, 5xx will not; before the text it is of us."""
    again = _may_pass(code)
    return Rejected(f"{who}_{code}", again=again, account=not again and who in _OF_US)


def _may_pass(code: int) -> bool:
    return 400 <= code < 500


async def _leave(server: aiosmtplib.SMTP) -> None:
    try:
        await server.quit(timeout=2)
    except (OSError, told.SMTPException):
        pass
    finally:
        server.close()
