"""The core's settings: every one with its type and unit, read from API_… once."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.kit.strength import Secret


class Settings(BaseSettings):
    """What an operator tells the core; docs/configuration.md explains each."""

    model_config = SettingsConfigDict(env_prefix="API_", extra="ignore")

    database_url: str
    keys: Path
    bots_key: Secret = Field(min_length=32)
    public_url: str = "http://127.0.0.1:8000"
    port: int = Field(default=8000, ge=0, le=65535)
    host: str = "127.0.0.1"
    threads: int = Field(default=12, ge=1, le=200)
    waiting_requests: int = Field(default=600, ge=0)
    waiting_seconds: float = Field(default=10.0, gt=0)
    body_bytes: int = Field(default=1_048_576, gt=0)
    claims_an_hour: int = Field(default=3000, gt=0)
    """How many claims of identity may be opened in an hour, from all chats together."""
    zarinpal_root: str = ""
    """The payment gateway's address, https://payment.zarinpal.com for one; empty: nobody can pay."""
    zarinpal_merchant: SecretStr = SecretStr("")
    """36 characters, of the gateway's contract; empty: nobody can pay."""
    anchors: Path | None = None
    """The folder of the anchors of the audit trail; None: they are only logged."""
    pay_link_minutes: int = Field(default=20, ge=1, le=24 * 60)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
