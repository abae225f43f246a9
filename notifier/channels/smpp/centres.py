"""Where a centre is and who we are there: `smpp://system_id:password@host:port`, or smpps:// for TLS."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"smpp": 2775, "smpps": 3550}
# Sizes of section 4.1.5, without the final zero.
_SYSTEM_ID, _PASSWORD, _SYSTEM_TYPE, _LINE = 15, 8, 12, 20
_NPIS = frozenset({0, 1, 3, 4, 6, 8, 9, 10, 14, 18})


class BadLineSettings(ValueError):
    """The settings of the line cannot be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Centre:
    """One account at one centre."""

    host: str
    port: int
    is_tls: bool
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The line that SMS leave from: its number or name, and of which kind (sections 5.2.5, 5.2.6)."""

    line: str
    ton: int = 0
    npi: int = 0


def source_of(line: str, ton: int, npi: int) -> Source:
    """Read the line; raises BadLineSettings."""
    if not line.isascii() or not 0 < len(line) <= _LINE:
        raise BadLineSettings(
            f"NOTIFIER_SMS_SENDER is not set: write the line that SMS leave from, {_LINE} letters at "
            "most."
        )
    if npi not in _NPIS:
        raise BadLineSettings(
            "NOTIFIER_SMPP_SENDER_NPI is no numbering plan of SMPP: write 0, or 1 for an "
            "international number."
        )
    return Source(line, ton, npi)


def centre_of(url: str, system_type: str = "") -> Centre:
    """Read a centre's address; raises BadLineSettings, without the password in its text."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        raise BadLineSettings(
            "NOTIFIER_SMPP_URL is no centre's address: write smpp://system_id:password@host:port, "
            "or smpps:// for TLS."
        )
    system_id, password = unquote(parts.username), unquote(parts.password or "")
    if len(system_id) > _SYSTEM_ID or len(password) > _PASSWORD:
        raise BadLineSettings(
            f"NOTIFIER_SMPP_URL is wrong: SMPP takes a system id of {_SYSTEM_ID} letters and a "
            f"password of {_PASSWORD} at most."
        )
    if len(system_type) > _SYSTEM_TYPE:
        raise BadLineSettings(
            f"NOTIFIER_SMPP_SYSTEM_TYPE is too long: SMPP takes {_SYSTEM_TYPE} letters."
        )
    if not (system_id + password + system_type).isascii():
        raise BadLineSettings("NOTIFIER_SMPP_URL is wrong: SMPP takes letters of ASCII alone.")
    return Centre(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "smpps",
        system_id,
        password,
        system_type,
    )
