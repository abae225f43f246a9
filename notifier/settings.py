"""The notifier's settings: every one with its type and unit, read from NOTIFIER_… once.

Where the core's store and keys are is told by the core's own API_DATABASE_URL and API_KEYS.
"""

import re
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.kit import logs
from api.kit.strength import Secret
from notifier.channels.settings import SmsSettings

_HINTS = {
    "API_DATABASE_URL": "write sqlite:///var/core.db or postgresql+psycopg://user@host/name",
    "API_KEYS": "name the key file; `python -m api keys new PATH` makes one",
    "NOTIFIER_REPORT_SECRET": "write a secret of 16 characters or more for the address of reports",
}


class CannotStart(Exception):
    """The notifier cannot run like this; the text says why and what to do."""


class CoreSettings(BaseSettings):
    """Where the core's store and its keys are, and where its anchors go."""

    model_config = SettingsConfigDict(env_prefix="API_", extra="ignore")

    database_url: str
    keys: Path
    anchors: Path | None = None


class Settings(SmsSettings):
    """What an operator tells the notifier; docs/configuration.md explains each.

    A channel whose settings are absent is not there: notices pass it by.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    clock_port: int | None = Field(default=None, ge=0, le=65535)
    public_url: str = ""
    report_secret: Secret = Field(default=SecretStr(""))
    kavenegar_report_id: str = "messageid"
    kavenegar_report_status: str = "status"
    inbound_url: SecretStr = Field(default=SecretStr(""))
    smtp_url: SecretStr = SecretStr("")
    smtp_second_url: SecretStr = SecretStr("")
    mail_from: str = ""
    bot_per_second: float = Field(default=20.0, gt=0, le=30)
    sms_per_second: float = Field(default=100.0, gt=0)
    mail_per_second: float = Field(default=50.0, gt=0)
    chats_at_once: int = Field(default=60, ge=1, le=500)
    sms_at_once: int = Field(default=60, ge=1, le=500)
    mails_at_once: int = Field(default=8, ge=1, le=100)
    breaker_failures: int = Field(default=5, ge=1, le=100)
    breaker_seconds: float = Field(default=5.0, gt=0, le=7)
    idle_seconds: float = Field(default=0.25, gt=0, le=5)
    log_level: logs.Level = "INFO"


Kind = TypeVar("Kind", bound=BaseSettings)


def read_core() -> CoreSettings:
    """Read where the core is; raises CannotStart that names the first variable missing or wrong."""
    return _read(CoreSettings)


def read() -> Settings:
    """Read the settings; raises CannotStart that names the first variable missing or wrong."""
    settings = _read(Settings)
    if settings.kavenegar_key.get_secret_value():
        if not settings.sms_sender:
            raise CannotStart("NOTIFIER_SMS_SENDER is not set: write the line that SMS leave from.")
        if len(settings.report_secret.get_secret_value()) < 16:
            raise CannotStart(
                f"NOTIFIER_REPORT_SECRET is not set: {_HINTS['NOTIFIER_REPORT_SECRET']}."
            )
    _check_the_line(settings)
    if settings.smtp_second_url.get_secret_value() and not settings.smtp_url.get_secret_value():
        raise CannotStart(
            "NOTIFIER_SMTP_SECOND_URL is set but NOTIFIER_SMTP_URL is not: one relay is the first."
        )
    if settings.smtp_url.get_secret_value() and not settings.mail_from:
        raise CannotStart("NOTIFIER_MAIL_FROM is not set: write Name <name@example.org>.")
    return settings


def _check_the_line(settings: Settings) -> None:
    inbound = settings.inbound_url.get_secret_value()
    if inbound and not settings.smpp_url.get_secret_value():
        raise CannotStart(
            "NOTIFIER_INBOUND_URL is set but NOTIFIER_SMPP_URL is not: Kavenegar hands SMS to the "
            "bots itself, leave it out."
        )
    if inbound and not re.fullmatch(r"https?://\S+", inbound):
        raise CannotStart(
            "NOTIFIER_INBOUND_URL is no address: write the bots' own, with its secret, "
            "http://127.0.0.1:8002/sms/inbound/…"
        )


def _read(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{kind.model_config['env_prefix']}{str(first['loc'][0]).upper()}"
        what = "is not set" if first["type"] == "missing" else f"is wrong ({first['msg']})"
        hint = _HINTS.get(name, "see docs/configuration.md")
        raise CannotStart(f"{name} {what}: {hint}.") from None
