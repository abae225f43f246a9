"""Settings of the line at a centre, read for both rooms: NOTIFIER_SMPP_…, NOTIFIER_SMS_SENDER."""

from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from notifier.channels.smpp.centres import centre_of, source_of

if TYPE_CHECKING:
    from notifier.channels.smpp.link import Ear
    from notifier.channels.sms_smpp import SmppChannel


class SmppSettings(BaseSettings):
    """Where the centre is and how we speak to it; docs/configuration.md explains each."""

    model_config = SettingsConfigDict(env_prefix="NOTIFIER_", extra="ignore")

    smpp_url: SecretStr = SecretStr("")
    smpp_system_type: str = ""
    smpp_sender_ton: int = Field(default=0, ge=0, le=6)
    smpp_sender_npi: int = 0
    smpp_window: int = Field(default=20, ge=1, le=500)
    smpp_enquire_seconds: float = Field(default=30.0, gt=0, le=3600)
    smpp_sender: str = ""
    sms_sender: str = ""

    def channel(self, ear: "Ear | None" = None) -> "SmppChannel | None":
        """Make the line's mouth, None without a centre. Raises BadLineSettings."""
        url = self.smpp_url.get_secret_value()
        if not url:
            return None
        centre = centre_of(url, self.smpp_system_type)
        line = self.smpp_sender or self.sms_sender
        source = source_of(line, self.smpp_sender_ton, self.smpp_sender_npi)
        # Late: who has no centre need not load what speaks to one.
        from notifier.channels.sms_smpp import SmppChannel

        return SmppChannel(
            centre,
            source,
            ear=ear,
            window=self.smpp_window,
            enquire_seconds=self.smpp_enquire_seconds,
        )
