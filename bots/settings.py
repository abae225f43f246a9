"""The bots' settings: every one with its type and unit, read from BOTS_… once."""

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.kit import logs
from api.kit.strength import Secret

_HINTS = {
    "database_url": "write sqlite:///var/bots.db or postgresql+psycopg://user@host/name",
    "keys": "name the key file; `python -m api keys new PATH` makes one",
    "core_key": "write the secret that API_BOTS_KEY holds, 32 characters or more",
    "inbound_secret": "write 16 letters and digits or more that nobody guesses",
    "mode": "write polling or webhook",
    "web_url": "write the https:// address under which people reach the page, or leave it out",
    "core_url": "write the http:// or https:// address of the core",
}


# Messengers bring updates by https alone; the sandbox on this machine by http.
_REACHED_BY = ("https://", "http://127.0.0.1", "http://localhost")


_SECRET_LETTERS = 16


class Mode(StrEnum):
    """How updates come: fetched by us, or brought to our door."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class CannotStart(Exception):
    """The bots cannot run like this; the text says why and what to do."""


class CoreSettings(BaseSettings):
    """How the bots knock at the core."""

    model_config = SettingsConfigDict(env_prefix="BOTS_", extra="ignore")

    core_key: Secret = Field(min_length=32)
    core_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://\S+$")


class Settings(CoreSettings):
    """What an operator tells the bots; docs/configuration.md explains each."""

    database_url: str
    keys: Path
    mode: Mode = Mode.POLLING
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8002, ge=0, le=65535)
    web_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    web_proxies: int = Field(default=0, ge=0, le=9)
    chats_at_once: int = Field(default=16, ge=1, le=500)
    inbound_secret: Secret = SecretStr("")
    log_level: logs.Level = "INFO"


Kind = TypeVar("Kind", bound=CoreSettings)


def read() -> Settings:
    """Read the settings; raises CannotStart that names the first variable missing or wrong."""
    settings = _read(Settings)
    if 0 < len(settings.inbound_secret.get_secret_value()) < _SECRET_LETTERS:
        raise CannotStart(
            f"BOTS_INBOUND_SECRET is too short: write {_SECRET_LETTERS} letters and digits or more."
        )
    if settings.mode is Mode.WEBHOOK and not settings.public_url.startswith(_REACHED_BY):
        raise CannotStart(
            "BOTS_PUBLIC_URL is not set: with BOTS_MODE=webhook write the https:// address "
            "under which messengers reach these doors."
        )
    return settings


def read_core() -> CoreSettings:
    """Read what a talk in the terminal needs; raises CannotStart."""
    return _read(CoreSettings)


def _read(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        missing = first["type"] == "missing"
        what = "is not set" if missing else f"is wrong ({first['msg']})"
        hint = _HINTS.get(field, "see docs/configuration.md")
        raise CannotStart(f"BOTS_{field.upper()} {what}: {hint}.") from None
