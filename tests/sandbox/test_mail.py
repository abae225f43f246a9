"""The mail server keeps what it takes, and refuses as told."""

from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from tests.sandbox.conftest import MINA, Desk

ADDRESS = "mina@example.org"


def a_mail(to: str = ADDRESS) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "notices@example.org", to
    mail["Subject"], mail["Message-ID"] = "اعلامیهٔ بدهی کارگاه", "<n-1@example.org>"
    mail.set_content("مهلت اعتراض: ۳۰ مهر")
    mail.add_alternative('<p dir="rtl">مهلت اعتراض: ۳۰ مهر</p>', subtype="html")
    return mail


async def send(desk: Desk, mail: EmailMessage, **more: Any) -> object:
    return await aiosmtplib.send(
        mail, hostname="127.0.0.1", port=desk.world.smtp.port, timeout=5, start_tls=False, **more
    )


async def test_a_mail_is_kept_with_both_its_parts_and_its_headers(desk: Desk):
    await send(desk, a_mail())
    (mail,) = (await desk.get("/desk/mail", person=MINA))["mail"]
    assert mail["subject"] == "اعلامیهٔ بدهی کارگاه"
    assert mail["text"].strip() == "مهلت اعتراض: ۳۰ مهر"
    assert mail["headers"]["Message-ID"] == "<n-1@example.org>"
    async with desk.http.get(f"{desk.url}/desk/mail/{mail['id']}/page") as page:
        assert 'dir="rtl"' in await page.text()
        assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    (line,) = await desk.log("mail")
    assert (line["reference"], line["address"], line["accepted"]) == (
        "<n-1@example.org>",
        ADDRESS,
        True,
    )


@pytest.mark.parametrize(("status", "code"), [(451, 451), (554, 554)])
async def test_it_refuses_for_now_or_for_good(desk: Desk, status, code):
    await desk.post("/desk/faults", service="mail", kind="error", status=status, times=1)
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(desk, a_mail())
    assert refused.value.code == code
    assert (await desk.get("/desk/mail", person=MINA))["mail"] == []


async def test_one_recipient_of_two_is_refused(desk: Desk):
    await desk.post(
        "/desk/faults", service="mail", kind="error", call="rcpt", address=ADDRESS, status=550
    )
    result = await send(desk, a_mail(), recipients=[ADDRESS, "giti@example.org"])
    assert isinstance(result, tuple)
    assert result[0][ADDRESS][0] == 550
    assert len((await desk.get("/desk/mail", address="giti@example.org"))["mail"]) == 1


async def test_a_cut_line_after_acceptance_leaves_the_mail_in_the_box(desk: Desk):
    await desk.post("/desk/faults", service="mail", kind="drop_after", times=1)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(desk, a_mail())
    assert len((await desk.get("/desk/mail", person=MINA))["mail"]) == 1


async def test_a_cut_line_before_acceptance_leaves_nothing(desk: Desk):
    await desk.post("/desk/faults", service="mail", kind="drop_before", times=1)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(desk, a_mail())
    assert (await desk.get("/desk/mail", person=MINA))["mail"] == []
