"""The verbs of notices, each kept in the file of its purpose."""

from api.notices.checking import check, code_of, spend_check
from api.notices.claiming import claim, with_due
from api.notices.doubting import Window, doubt
from api.notices.letters import Claim, Letter, NewReport, Pause, Question, Told, Work
from api.notices.opening import open_attempts, park
from api.notices.posting import (
    NewNotice,
    Ready,
    cancel_about,
    post,
    post_many,
    post_ready,
    prepare,
)
from api.notices.rates import bot_waits_until, wait, waits_until
from api.notices.reading import mine, opened
from api.notices.recording import record
from api.notices.repeating import failures, send_again, sendable
from api.notices.reporting import match_late, take_reports
from api.notices.sweeping import overdue, sweep

__all__ = [
    "Claim",
    "Letter",
    "NewNotice",
    "NewReport",
    "Pause",
    "Question",
    "Ready",
    "Told",
    "Window",
    "Work",
    "bot_waits_until",
    "cancel_about",
    "check",
    "claim",
    "code_of",
    "doubt",
    "failures",
    "match_late",
    "mine",
    "open_attempts",
    "opened",
    "overdue",
    "park",
    "post",
    "post_many",
    "post_ready",
    "prepare",
    "record",
    "send_again",
    "sendable",
    "spend_check",
    "sweep",
    "take_reports",
    "wait",
    "waits_until",
    "with_due",
]
