"""Settings that cannot be used are told in one sentence that says what to do."""

import pytest

from api import db
from api.kit.sealing import Keyring
from notifier.channels.settings import ChannelSettings
from notifier.serving import opened, rounds_of
from notifier.settings import CannotStart, CoreSettings, read, read_core

GOOD = {
    "API_DATABASE_URL": "sqlite:///nowhere/core.db",
    "API_KEYS": "nowhere/core.keys",
    "NOTIFIER_KAVENEGAR_KEY": "a-key",
    "NOTIFIER_SMS_SENDER": "10001420",
    "NOTIFIER_REPORT_SECRET": "a secret of the reports",
    "NOTIFIER_SMTP_URL": "smtp://mail.example.org:25",
    "NOTIFIER_SMTP_SECOND_URL": "smtp://relay.example.org:25",
    "NOTIFIER_MAIL_FROM": "notices@example.org",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # Opening a store puts its keys in use: those of the whole suite come back afterwards.
    monkeypatch.setattr(db, "_ring", [*db._ring])
    monkeypatch.setattr(db, "_ring_file", [*db._ring_file])
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


async def test_each_channel_that_is_set_has_a_mouth() -> None:
    rounds = rounds_of(read())
    assert {one.name: set(one.mouths) for one in rounds} == {
        "chat": set(),
        "sms": {"sms:kavenegar"},
        "email": {"email:first", "email:second"},
    }
    assert [one.asks for one in rounds] == [set(), {"sms:kavenegar"}, set()]


CENTRE = "smpp://bimeyar:pa55word@127.0.0.1:2775"


async def test_a_centre_takes_kavenegars_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SMPP_URL", CENTRE)
    monkeypatch.delenv("NOTIFIER_KAVENEGAR_KEY")
    monkeypatch.delenv("NOTIFIER_REPORT_SECRET")
    (_, texts, _) = rounds_of(read())
    assert set(texts.mouths) == {"sms:smpp"}
    assert not texts.asks


@pytest.mark.parametrize("order", ["kavenegar,smpp", "smpp,kavenegar"])
async def test_of_two_lines_the_first_is_the_one_that_is_set_to_be(
    monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setenv("NOTIFIER_SMPP_URL", CENTRE)
    monkeypatch.setenv("NOTIFIER_SMPP_SENDER", "10009999")
    monkeypatch.setenv("NOTIFIER_SMS_ORDER", order)
    (_, texts, _) = rounds_of(read())
    assert list(texts.mouths) == [f"sms:{name}" for name in order.split(",")]
    assert texts.asks == {"sms:kavenegar"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"NOTIFIER_SMPP_URL": "http://x"}, "NOTIFIER_SMPP_URL is no centre's address"),
        ({"NOTIFIER_SMPP_URL": "smpp://h:2775"}, "NOTIFIER_SMPP_URL is no centre's address"),
        ({"NOTIFIER_SMPP_URL": "smpp://a:b@h:port"}, "NOTIFIER_SMPP_URL is no centre's address"),
        ({"NOTIFIER_SMPP_URL": "smpp://a:ninechars@h"}, "password of 8 at most"),
        ({"NOTIFIER_SMPP_URL": "smpp://a:%D8%A7@h"}, "letters of ASCII alone"),
        ({"NOTIFIER_SMPP_SYSTEM_TYPE": "x" * 13}, "NOTIFIER_SMPP_SYSTEM_TYPE is too long"),
        ({"NOTIFIER_SMPP_SENDER_TON": "7"}, "NOTIFIER_SMPP_SENDER_TON is wrong"),
        ({"NOTIFIER_SMPP_SENDER_NPI": "2"}, "NOTIFIER_SMPP_SENDER_NPI is no numbering plan"),
        ({"NOTIFIER_SMS_SENDER": ""}, "NOTIFIER_SMS_SENDER is not set"),
        ({"NOTIFIER_SMS_SENDER": "1" * 21}, "NOTIFIER_SMS_SENDER is not set"),
        ({"NOTIFIER_SMS_ORDER": "smpp"}, "NOTIFIER_SMS_ORDER is wrong"),
        ({"NOTIFIER_INBOUND_URL": "banana"}, "NOTIFIER_INBOUND_URL is no address"),
        (
            {"NOTIFIER_SMPP_URL": "", "NOTIFIER_INBOUND_URL": "http://x/sms/inbound/s"},
            "NOTIFIER_INBOUND_URL is set but NOTIFIER_SMPP_URL is not",
        ),
    ],
)
async def test_what_cannot_be_a_line_is_named(
    monkeypatch: pytest.MonkeyPatch, changed, sentence
) -> None:
    given = {"NOTIFIER_SMPP_URL": CENTRE, "NOTIFIER_KAVENEGAR_KEY": "", **changed}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotStart, match=sentence) as told:
        rounds_of(read())
    assert "pa55word" not in str(told.value)
    assert "ninechars" not in str(told.value)


async def test_a_bot_with_a_token_has_a_mouth_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANNELS_EMPLOYERS_TELEGRAM_TOKEN", "123456:" + "A" * 35)
    monkeypatch.setenv("CHANNELS_EMPLOYERS_TELEGRAM_API_ROOT", "http://127.0.0.1:8010/")
    monkeypatch.setenv("CHANNELS_PEOPLE_BALE_TOKEN", "123457:" + "A" * 35)
    assert [(bot.name, bot.api_root) for bot in ChannelSettings().bots()] == [
        ("bale:people", "https://tapi.bale.ai"),
        ("telegram:employers", "http://127.0.0.1:8010"),
    ]
    (chats, *_) = rounds_of(read())
    assert set(chats.mouths) == {"bale:people", "telegram:employers"}
    for mouth in chats.mouths.values():
        await mouth.channel.close()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("API_DATABASE_URL", None, "API_DATABASE_URL is not set: write sqlite:"),
        ("API_KEYS", None, "API_KEYS is not set: name the key file"),
        ("API_DATABASE_URL", "mysql://x", "API_DATABASE_URL must name SQLite or PostgreSQL."),
        ("API_KEYS", "/nowhere", "The key file /nowhere is not there"),
        ("NOTIFIER_PORT", "many", "NOTIFIER_PORT is wrong"),
        ("NOTIFIER_LOG_LEVEL", "LOUD", "NOTIFIER_LOG_LEVEL is wrong"),
        ("NOTIFIER_KAVENEGAR_ROOT", "banana", "NOTIFIER_KAVENEGAR_ROOT is wrong"),
        ("NOTIFIER_BOT_PER_SECOND", "31", "NOTIFIER_BOT_PER_SECOND is wrong"),
        ("NOTIFIER_REPORT_SECRET", "short", "NOTIFIER_REPORT_SECRET is wrong"),
        ("NOTIFIER_SMS_SENDER", None, "NOTIFIER_SMS_SENDER is not set"),
        ("NOTIFIER_MAIL_FROM", None, "NOTIFIER_MAIL_FROM is not set"),
        ("NOTIFIER_MAIL_FROM", "nobody", "NOTIFIER_MAIL_FROM is no mail address"),
        ("NOTIFIER_SMTP_URL", "http://x", "NOTIFIER_SMTP_URL is no mail server's address"),
        ("NOTIFIER_SMTP_SECOND_URL", "http://x", "NOTIFIER_SMTP_SECOND_URL is no mail server's"),
        ("NOTIFIER_SMTP_URL", None, "NOTIFIER_SMTP_SECOND_URL is set but NOTIFIER_SMTP_URL is not"),
        ("CHANNELS_EMPLOYERS_TELEGRAM_TOKEN", "abc", "_TOKEN is no bot's token"),
    ],
)
async def test_what_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path, name, value, sentence
) -> None:
    if name == "API_DATABASE_URL" and value:
        Keyring.new().save(tmp_path / "core.keys")
        monkeypatch.setenv("API_KEYS", str(tmp_path / "core.keys"))
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotStart) as told:
        _start()
    assert sentence in str(told.value)
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("root", ["API_ROOT", "FILE_ROOT"])
def test_a_bot_of_no_address_is_named(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.setenv("CHANNELS_EMPLOYERS_TELEGRAM_TOKEN", f"1:{'a' * 35}")
    monkeypatch.setenv(f"CHANNELS_EMPLOYERS_TELEGRAM_{root}", "banana")
    with pytest.raises(CannotStart, match=f"_{root} is no address"):
        rounds_of(read())


def _start() -> None:
    settings, core = read(), read_core()
    assert isinstance(core, CoreSettings)
    rounds_of(settings)
    with opened(core, size=1):
        pass
