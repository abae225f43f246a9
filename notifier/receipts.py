"""Delivery receipts, as SMPP calls what a centre tells of a message that left: reports of the core.

Source: SMPP Protocol Specification v3.4, sections 5.2.12, 5.2.28 and appendix B. A centre names the
message in a parameter or in the text, or in both; what cannot be read is kept as it came.
"""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from api.kit.outcome import State
from api.notices.service import NewReport
from notifier.channels.mouths import SMPP
from notifier.channels.smpp.pdus import Delivered, Tag

# Bits 5 to 2 of esm_class: a receipt of the centre, and one on the way.
_KIND, _RECEIPTS = 0x3C, frozenset({0x04, 0x20})
_ID = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STATE = re.compile(r"\bstat:\s*(\S+)", re.IGNORECASE)
_DONE = re.compile(r"\bdone date:\s*(\d+)", re.IGNORECASE)

# An expired one found a phone that was off; accepted is somebody's word for the person, not proof.
STATES: Mapping[str, State] = MappingProxyType(
    {
        "ENROUTE": State.SENT,
        "DELIVRD": State.DELIVERED,
        "EXPIRED": State.TEMPORARY_FAILURE,
        "DELETED": State.PERMANENT_FAILURE,
        "UNDELIV": State.PERMANENT_FAILURE,
        "ACCEPTD": State.SENT,
        "REJECTD": State.PERMANENT_FAILURE,
    }
)
"""What the words of a receipt mean; others are kept and change nothing."""

_WORDS: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "ENROUTE",
                "DELIVRD",
                "EXPIRED",
                "DELETED",
                "UNDELIV",
                "ACCEPTD",
                "UNKNOWN",
                "REJECTD",
            ),
            1,
        )
    )
)
_LONGEST = 16_384


def is_receipt(brought: Delivered) -> bool:
    """Whether it speaks of a message of ours; some centres say so by the parameter alone."""
    return brought.esm_class & _KIND in _RECEIPTS or Tag.RECEIPTED_MESSAGE_ID in brought.parameters


def read(brought: Delivered) -> NewReport:
    """Read a receipt; one without a name or state that we know is a report all the same."""
    text = brought.octets.decode("latin-1")
    told = urlencode(
        {
            "from": brought.sender,
            "esm_class": brought.esm_class,
            "text": text,
            **{f"{tag:04x}": value.hex() for tag, value in brought.parameters.items()},
        }
    )[:_LONGEST]
    named = brought.parameters.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0")
    name = named.decode("latin-1") or _said(_ID, text)
    state = int.from_bytes(brought.parameters.get(Tag.MESSAGE_STATE, b""))
    word = (_WORDS.get(state) or _said(_STATE, text)).upper()
    return NewReport(
        provider=SMPP,
        reference=None,
        provider_id=name[:100] or None,
        status=word[:20],
        state=STATES.get(word),
        # Two receipts that name nothing are one only when they say the same.
        at=_said(_DONE, text)[:40] if name else hashlib.blake2b(told.encode()).hexdigest()[:40],
        told=told,
    )


def _said(what: re.Pattern[str], text: str) -> str:
    found = what.search(text)
    return found[1] if found else ""
