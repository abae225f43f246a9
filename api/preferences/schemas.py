"""What passes through the doors of preferences."""

from pydantic import BaseModel

from api.kit.language import Language


class LanguageIn(BaseModel):
    """The language a person wants to read from now on."""

    language: Language


class ConsentIn(BaseModel):
    """Whether a person wants to hear from us: off is STOP, on is START."""

    on: bool


class PreferencesOut(BaseModel):
    """What is in force for a person now."""

    language: Language
    consent: bool
