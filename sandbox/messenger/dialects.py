"""How Bale speaks the Bot API, where it differs from Telegram (its own page of methods, docs.bale.ai).

What Bale does not document it does not have here: whoever leans on it finds out on the desk.
"""

from typing import Any

from sandbox.messenger.refusals import Refused, bad

TELEGRAM, BALE = "telegram", "bale"
MESSENGERS = (TELEGRAM, BALE)

_NOT_AT_BALE = frozenset(
    {
        "setMyCommands",
        "getMyCommands",
        "deleteMyCommands",
        "setMyDescription",
        "getMyDescription",
        "setMyShortDescription",
        "getMyShortDescription",
        "sendVenue",
    }
)
_PARAMETERS = {"setWebhook": {"url"}, "getUpdates": {"offset", "limit", "timeout"}}
_UPDATES = frozenset({"message", "edited_message", "callback_query", "pre_checkout_query"})
_LEFT_OUT = frozenset({"chat_instance", "file_unique_id", "entities"})


def check(messenger: str, method: str, raw: dict[str, Any]) -> None:
    """Raise Refused where this messenger has no such method or parameter."""
    if messenger == TELEGRAM:
        return
    if method in _NOT_AT_BALE:
        raise Refused(404, "Not Found: method not found")
    known = _PARAMETERS.get(method)
    if known is not None and (stray := sorted(set(raw) - known)):
        raise bad(f"unknown parameter {stray[0]}")
    if "link_preview_options" in raw:
        raise bad("unknown parameter link_preview_options")


def brings(messenger: str, kind: str) -> bool:
    """Whether this messenger tells its bots of such things at all."""
    return messenger == TELEGRAM or kind in _UPDATES


def told(messenger: str, body: Any) -> Any:
    """An update's object as this messenger writes it."""
    if messenger == TELEGRAM:
        return body
    if isinstance(body, list):
        return [told(messenger, one) for one in body]
    if not isinstance(body, dict):
        return body
    said = {key: told(messenger, one) for key, one in body.items() if key not in _LEFT_OUT}
    if origin := said.pop("forward_origin", None):
        said |= {"forward_from": origin["sender_user"], "forward_date": origin["date"]}
    return said


def refusal(messenger: str, refused: Refused) -> Refused:
    """The same refusal in this messenger's words."""
    if messenger == TELEGRAM:
        return refused
    if "chat not found" in refused.description:
        return Refused(404, "no such group or user")
    if refused.code == 403:
        return Refused(403, "permission_denied")
    if refused.code == 429:
        return Refused(429, "bot limit exceed", refused.parameters)
    return refused
