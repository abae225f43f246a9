"""The verbs of notices, each kept in the file of its purpose."""

from api.notices.posting import NewNotice, cancel_about, post, post_many

__all__ = ["NewNotice", "cancel_about", "post", "post_many"]
