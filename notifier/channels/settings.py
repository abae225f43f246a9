"""Settings of the bots, one set for each audience on each messenger, read for both rooms.

    CHANNELS_<AUDIENCE>_<MESSENGER>_TOKEN, _API_ROOT, _FILE_ROOT, _SECRET, _USERNAME

A bot without a token is not there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.kit.strength import is_weak
from notifier.channels.dialects import BALE, DIALECTS, TELEGRAM
from notifier.channels.mouths import KAVENEGAR, SMPP
from notifier.channels.smpp.settings import SmppSettings
from notifier.channels.sms_http import API_ROOT as KAVENEGAR_ROOT

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}")
_ROOT = re.compile(r"https?://\S+")


class BadBotSettings(ValueError):
    """A bot's settings cannot be used; the text says which and what to do."""


AUDIENCES = ("people", "employers", "inspectors")
MESSENGERS = tuple(DIALECTS)


@dataclass(frozen=True, slots=True)
class BotSettings:
    """One bot: for whom, on which messenger, and how to reach it."""

    audience: str
    messenger: str
    token: SecretStr
    api_root: str
    file_root: str
    secret: SecretStr
    username: str

    @property
    def name(self) -> str:
        """`telegram:employers`: what its rate and its attempts are kept under."""
        return f"{self.messenger}:{self.audience}"


class SmsSettings(SmppSettings):
    """The lines of SMS, which the notifier and the bots speak by: Kavenegar's, one at a centre, or both."""

    kavenegar_root: str = Field(default=KAVENEGAR_ROOT, pattern=r"^https?://\S+$")
    kavenegar_key: SecretStr = SecretStr("")
    sms_order: str = Field(default="kavenegar,smpp", pattern=r"^(kavenegar,smpp|smpp,kavenegar)$")

    def lines(self) -> Sequence[str]:
        """Name those that are set, in order: the later ones speak while the first fails."""
        known = {"kavenegar": (KAVENEGAR, self.kavenegar_key), "smpp": (SMPP, self.smpp_url)}
        ordered = [known[word] for word in self.sms_order.split(",")]
        return [name for name, secret in ordered if secret.get_secret_value()]


class ChannelSettings(BaseSettings):
    """What an operator tells of each bot; docs/configuration.md explains each."""

    model_config = SettingsConfigDict(env_prefix="CHANNELS_", extra="ignore")

    people_telegram_token: SecretStr = SecretStr("")
    people_telegram_api_root: str = TELEGRAM.api_root
    people_telegram_file_root: str = TELEGRAM.api_root
    people_telegram_secret: SecretStr = SecretStr("")
    people_telegram_username: str = ""
    people_bale_token: SecretStr = SecretStr("")
    people_bale_api_root: str = BALE.api_root
    people_bale_file_root: str = BALE.api_root
    people_bale_secret: SecretStr = SecretStr("")
    people_bale_username: str = ""
    employers_telegram_token: SecretStr = SecretStr("")
    employers_telegram_api_root: str = TELEGRAM.api_root
    employers_telegram_file_root: str = TELEGRAM.api_root
    employers_telegram_secret: SecretStr = SecretStr("")
    employers_telegram_username: str = ""
    employers_bale_token: SecretStr = SecretStr("")
    employers_bale_api_root: str = BALE.api_root
    employers_bale_file_root: str = BALE.api_root
    employers_bale_secret: SecretStr = SecretStr("")
    employers_bale_username: str = ""
    inspectors_telegram_token: SecretStr = SecretStr("")
    inspectors_telegram_api_root: str = TELEGRAM.api_root
    inspectors_telegram_file_root: str = TELEGRAM.api_root
    inspectors_telegram_secret: SecretStr = SecretStr("")
    inspectors_telegram_username: str = ""
    inspectors_bale_token: SecretStr = SecretStr("")
    inspectors_bale_api_root: str = BALE.api_root
    inspectors_bale_file_root: str = BALE.api_root
    inspectors_bale_secret: SecretStr = SecretStr("")
    inspectors_bale_username: str = ""

    def bots(self) -> Iterator[BotSettings]:
        """Give each bot that has a token; raises BadBotSettings for what cannot be one."""
        for audience in AUDIENCES:
            for messenger in MESSENGERS:
                of = f"{audience}_{messenger}"
                token: SecretStr = getattr(self, f"{of}_token")
                if not token.get_secret_value():
                    continue
                if not _TOKEN.fullmatch(token.get_secret_value()):
                    raise BadBotSettings(
                        f"CHANNELS_{of.upper()}_TOKEN is no bot's token: copy it whole, "
                        "123456:AAAA…, as the messenger gave it."
                    )
                if is_weak(getattr(self, f"{of}_secret").get_secret_value()):
                    raise BadBotSettings(
                        f"CHANNELS_{of.upper()}_SECRET is one that anybody would guess: write 16 "
                        "letters and digits or more."
                    )
                for root in ("API_ROOT", "FILE_ROOT"):
                    if not _ROOT.fullmatch(getattr(self, f"{of}_{root.lower()}")):
                        raise BadBotSettings(
                            f"CHANNELS_{of.upper()}_{root} is no address: write http:// or "
                            "https:// and a host, or leave it out."
                        )
                yield BotSettings(
                    audience,
                    messenger,
                    token,
                    getattr(self, f"{of}_api_root").rstrip("/"),
                    getattr(self, f"{of}_file_root").rstrip("/"),
                    getattr(self, f"{of}_secret"),
                    getattr(self, f"{of}_username"),
                )
