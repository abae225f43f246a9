"""The mail server: takes everything, or refuses as told, and keeps it for its reader."""

import asyncio
import email
import email.policy
import json
import time
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.changes import Changes
from sandbox.faults import AT_THE_DOOR, Fault, Faults, Kind, Service, first, slowness
from sandbox.store import Store, dump
from sandbox.witness import Witness

HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Content-Language")
LARGEST = 25 * 2**20  # bytes


class Mailbox:
    """The mail of every address."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    def keep(self, *, recipients: list[str], sender: str, content: bytes) -> EmailMessage:
        """Read a message and lay it into the box of each recipient."""
        message = email.message_from_bytes(content, policy=email.policy.default)
        text, page = message.get_body(("plain",)), message.get_body(("html",))
        headers = {name: str(message[name]) for name in HEADERS if message[name] is not None}
        for address in recipients:
            self._store.do(
                "INSERT INTO mail (address, sender, subject, message_id, date, headers, text, html) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                address.lower(),
                sender,
                str(message["Subject"] or ""),
                str(message["Message-ID"] or ""),
                int(time.time()),
                dump(headers),
                text.get_content() if text else "",
                page.get_content() if page else "",
            )
        self._changes.touch()
        return message

    def inbox(self, address: str, *, since: int) -> list[dict[str, Any]]:
        """Answer the mail of an address, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM mail WHERE address = ? AND id > ? ORDER BY id", address.lower(), since
        )
        return [{**dict(row), "headers": json.loads(row["headers"])} for row in rows]

    def page(self, mail_id: int) -> str | None:
        """Answer the HTML part of a mail, None when there is no such mail."""
        row = self._store.row("SELECT html FROM mail WHERE id = ?", mail_id)
        return row["html"] if row else None


class Door:
    """The SMTP door (aiosmtpd calls these names)."""

    def __init__(self, mailbox: Mailbox, faults: Faults, witness: Witness) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._witness = witness
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(
                self, enable_SMTPUTF8=True, data_size_limit=LARGEST, hostname="desk", loop=loop
            ),
            host,
            port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server:
            self._server.close()

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name.
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient on, or refuse this one as a `call: rcpt` fault says."""
        met = self._faults.take(Service.MAIL, *AT_THE_DOOR, call="rcpt", address=address)
        if refusal := await self._misbehave(server, met):
            self._note("rcpt", [address], "", "", accepted=False, result=refusal)
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message on, or misbehave."""
        recipients = list(envelope.rcpt_tos)
        met = self._faults.take(
            Service.MAIL, *AT_THE_DOOR, call="data", address=recipients[0] if recipients else ""
        )
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        if refusal := await self._misbehave(server, met):
            self._note("data", recipients, "", "", accepted=False, result=refusal)
            return refusal
        message = self._mailbox.keep(
            recipients=recipients, sender=envelope.mail_from or "", content=content
        )
        reference, subject = str(message["Message-ID"] or ""), str(message["Subject"] or "")
        answer = "250 2.0.0 OK: kept on the desk"
        self._note("data", recipients, reference, subject, accepted=True, result=answer)
        if first(met, Kind.DROP_AFTER):
            _hang_up(server)
        return answer

    async def _misbehave(self, server: SMTP, met: list[Fault]) -> str:
        """Answer the refusal a fault asks for, or nothing."""
        await slowness(met)
        if first(met, Kind.DROP_BEFORE):
            _hang_up(server)
            return "421 4.3.2 line cut"
        if flood := first(met, Kind.FLOOD):
            return f"451 4.7.1 too many messages: try again in {flood.retry_after} seconds"
        if error := first(met, Kind.ERROR):
            temporary = 400 <= error.status < 500
            return f"{error.status} {'4.3.0' if temporary else '5.0.0'} told to fail"
        return ""

    def _note(
        self,
        call: str,
        recipients: list[str],
        reference: str,
        text: str,
        *,
        accepted: bool,
        result: str,
    ) -> None:
        for address in recipients:
            self._witness.add(
                "mail",
                call,
                accepted=accepted,
                address=address,
                text=text,
                reference=reference,
                result=result,
            )


def _hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
