"""The mail server's mouth."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from api.kit.message import Message, Paper
from api.kit.outcome import Accepted, Rejected, Unknown
from notifier.channels.email import BadMailSettings, EmailChannel, compose
from notifier.channels.mouths import Address
from tests.notifier import servers
from tests.notifier.servers import MailServer

TO = Address(email="mina@example.org")
MAIL = Message(
    "بدهی کارگاه *۴۵۲۱ ثبت شد.",
    subject="بدهی کارگاه *۴۵۲۱",
    html='<html dir="rtl" lang="fa"><body><p>بدهی</p></body></html>',
)
FROM = "تأمین اجتماعی <notices@example.org>"


@pytest.fixture
async def desk() -> AsyncIterator[MailServer]:
    async with servers.mail() as server:
        yield server


@pytest.fixture
async def channel(desk: MailServer) -> AsyncIterator[EmailChannel]:
    made = EmailChannel(desk.url, FROM, connections=2, timeout_seconds=2)
    yield made
    await made.close()


async def test_a_mail_has_a_plain_part_a_page_and_our_reference(channel, desk) -> None:
    assert await channel.send(TO, MAIL, "42") == Accepted()
    ((to, content),) = desk.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert to == "mina@example.org"
    assert mail["Subject"] == MAIL.subject
    assert mail["Message-ID"] == "<42@example.org>"
    assert mail["From"].addresses[0].addr_spec == "notices@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().strip() == MAIL.text
    assert 'dir="rtl"' in page.get_content()
    assert content.isascii()


@pytest.mark.parametrize("words", range(1, 40))
async def test_a_subject_of_any_length_is_read_as_it_was_written(words: int) -> None:
    subject = " ".join(["بدهی کارگاه تا", "1405", "خرداد"] * words)[: words * 7].strip()
    said = f"سازمان تأمین اجتماعی {'شعبه ' * (words // 4)}یک <notices@example.org>"
    content = compose(
        Message("x", subject=subject),
        sender=said,
        to="mina@example.org",
        message_id="<1@example.org>",
    )
    assert max(map(len, content.split(b"\r\n"))) <= 100
    read = email.message_from_bytes(content, policy=email.policy.default)
    assert read["Subject"] == subject
    # By the standard's own words: this Python's parser adds a space between encoded words of a name.
    (sender,) = [line for line in _unfolded(content) if line.startswith("From:")]
    assert str(make_header(decode_header(sender))) == f"From: {said}"


PAPER = Paper("بدهی.pdf", b"%PDF", "application/pdf")


@pytest.mark.parametrize("text", ["یک خط", "a\n\nb\n", "x" * 3000, "a\r\nb\x85c"])
@pytest.mark.parametrize("html", ["", "<p>صفحه</p>\n" * 90])
@pytest.mark.parametrize("papers", [(), (PAPER,)])
@pytest.mark.parametrize("to", ["mina@example.org", '"m n"@example.org'])
def test_a_mail_is_read_as_the_library_would_have_written_it(text, html, papers, to) -> None:
    message = Message(text, subject="s", html=html, papers=papers)
    ours = email.message_from_bytes(
        compose(message, sender="A <a@example.org>", to=to, message_id="<1@example.org>"),
        policy=email.policy.default,
    )
    written = EmailMessage(policy=email.policy.SMTP)
    written["From"], written["To"], written["Subject"] = "A <a@example.org>", to, "s"
    written.set_content(text, cte="base64")
    if html:
        written.add_alternative(html, subtype="html", cte="base64")
    for one in papers:
        written.add_attachment(one.content, "application", "pdf", filename=one.name)
    theirs = email.message_from_bytes(written.as_bytes(), policy=email.policy.default)
    for name in ("From", "To", "Subject", "MIME-Version"):
        assert ours.get_all(name) == theirs.get_all(name)
    assert _read(ours) == _read(theirs)
    assert not ours.defects


def _read(mail: EmailMessage) -> list[tuple[str, str | None, object]]:
    return [
        (part.get_content_type(), part.get_filename(), part.get_content())
        for part in mail.walk()
        if not part.is_multipart()
    ]


def _unfolded(content: bytes) -> list[str]:
    head = content.partition(b"\r\n\r\n")[0].decode("ascii")
    return head.replace("\r\n ", "\n ").split("\r\n")


async def test_papers_are_attached(channel, desk) -> None:
    paper = Paper("debt.pdf", b"%PDF", "application/pdf")
    await channel.send(TO, Message("x", subject="s", papers=(paper,)), "42")
    mail = email.message_from_bytes(desk.mails[0][1], policy=email.policy.default)
    assert [one.get_filename() for one in mail.iter_attachments()] == ["debt.pdf"]


async def test_connections_are_kept(channel, desk) -> None:
    for number in range(5):
        assert await channel.send(TO, MAIL, str(number)) == Accepted()
    assert len(desk.sessions) == 1
    await asyncio.gather(*(channel.send(TO, MAIL, str(number)) for number in range(6)))
    assert len(desk.mails) == 11
    assert len(desk.sessions) <= 2


async def test_a_kept_connection_that_was_let_go_is_made_again(channel, desk) -> None:
    await channel.send(TO, MAIL, "1")
    desk.hang_up()
    assert await channel.send(TO, MAIL, "2") == Accepted()
    assert len(desk.mails) == 2


@pytest.mark.parametrize(
    ("stage", "refusal", "outcome"),
    [
        (
            "rcpt",
            "550 5.1.1 no such user",
            Rejected("no_such_mailbox", address_dead=True),
        ),
        ("rcpt", "450 4.2.1 mailbox busy", Rejected("recipient_450", again=True, alone=True)),
        ("data", "451 4.7.1 greylisted", Rejected("data_451", again=True)),
        ("data", "554 5.7.1 refused", Rejected("data_554")),
    ],
)
async def test_refusals_may_pass_or_will_not(channel, desk, stage, refusal, outcome) -> None:
    desk.refusals[stage, TO.email] = refusal
    assert await channel.send(TO, MAIL, "1") == outcome
    assert await channel.send(Address(email="other@example.org"), MAIL, "2") == Accepted()


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ("550 5.7.1 not your sender", Rejected("sender_550", account=True)),
        ("451 4.3.0 later", Rejected("sender_451", again=True)),
    ],
)
async def test_a_relay_that_refuses_its_sender_refuses_our_account(
    channel, desk, refusal, outcome
) -> None:
    desk.refusals["mail", parseaddr(FROM)[1]] = refusal
    assert await channel.send(TO, MAIL, "1") == outcome


async def test_a_line_cut_after_the_text_began_to_leave_is_unknown(channel, desk) -> None:
    desk.cut = True
    assert await channel.send(TO, MAIL, "1") == Unknown("broken_off")


async def test_a_server_that_is_not_there_surely_has_nothing() -> None:
    channel = EmailChannel(servers.nobody().replace("http", "smtp"), FROM)
    assert await channel.send(TO, MAIL, "1") == Rejected("not_reached", again=True)
    await channel.close()


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("mina@example.org", "a\r\nBcc: all@example.org"),
        ("mina@example.org", "a\nb"),
        ("mina@example.org\r\nBcc: all@example.org", "a"),
        ("مینا@example.org", "a"),
    ],
)
async def test_hostile_headers_are_refused(channel, desk, to, subject) -> None:
    outcome = await channel.send(Address(email=to), Message("x", subject=subject), "1")
    assert outcome == Rejected("bad_header")
    assert desk.mails == []


@pytest.mark.parametrize(
    ("url", "sender"),
    [("http://host", FROM), ("smtp://", FROM), ("smtp://host:25", "nobody")],
)
def test_settings_that_cannot_be_used_are_told(url, sender) -> None:
    with pytest.raises(BadMailSettings):
        EmailChannel(url, sender)
