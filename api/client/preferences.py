"""How a person wants to be spoken to."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.kit.language import Language as Tongue
from api.preferences.schemas import PreferencesOut

LANGUAGE = Door[PreferencesOut]("POST", "/v1/preferences/language", PreferencesOut)
CONSENT = Door[PreferencesOut]("POST", "/v1/preferences/consent", PreferencesOut)


@dataclass(frozen=True)
class Preferences:
    """Language and consent."""

    knock: Knocker

    async def language(self, *, language: Tongue) -> PreferencesOut:
        """Speak this language from now on."""
        return await self.knock(LANGUAGE, language=language)

    async def consent(self, *, on: bool) -> PreferencesOut:
        """Send notices that need consent (START), or no longer (STOP)."""
        return await self.knock(CONSENT, on=on)
