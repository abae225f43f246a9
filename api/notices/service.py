"""The verbs of notices, each kept in the file of its purpose."""

from api.notices.checking import check, code_of
from api.notices.posting import NewNotice, cancel_about, post, post_many
from api.notices.reading import mine, opened

__all__ = [
    "NewNotice",
    "cancel_about",
    "check",
    "code_of",
    "mine",
    "opened",
    "post",
    "post_many",
]
