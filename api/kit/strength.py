"""Secrets of settings: one that is copied from an example, or that anybody would try, is refused."""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr

_LEAST = 8
"""Different characters that are left when what everybody writes is taken out."""
_USUAL = re.compile(
    r"(change|replace)[ _-]?(me|this)|secret|password|passwd|default|example|sample|changeit|insecure"
    r"|dummy|token|admin|letmein|qwerty|bimeyar|(your|api|bots?|core)[ _-]?key|"
    r"0?123456789?0?|abcdef(gh)?",
    re.IGNORECASE,
)


def is_weak(secret: str) -> bool:
    """Say whether a secret can be guessed: few characters again and again, or an example's words.

    None at all is not weak: that is another setting's refusal.
    """
    return bool(secret) and len(set(_USUAL.sub("", secret))) < _LEAST


def _strong(secret: SecretStr) -> SecretStr:
    if is_weak(secret.get_secret_value()):
        raise ValueError("anybody would guess it")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_strong)]
"""A secret of the settings that is none of those everybody tries first."""
