"""What can go wrong with a command, told in one sentence and without a traceback."""

from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError

from api.db import BadStore
from api.errors import Refusal
from api.kit.sealing import BadKeys, CannotOpen
from api.organisation.reading import BadRuleFile
from api.settings import Settings
from api.snapshots.service import BadSnapshot

_HINTS = {
    "database_url": "write sqlite:///var/core.db or postgresql+psycopg://user@host/name",
    "keys": "name the key file; `python -m api keys new PATH` makes one",
    "bots_key": "write the secret that the bots knock with, 32 characters or more",
}


class CannotDo(Exception):
    """The command cannot be done; the text says why and what to do."""


def settings() -> Settings:
    """Read the settings; raises CannotDo that names the first variable that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        missing = first["type"] == "missing"
        what = "is not set" if missing else f"is wrong ({first['msg']})"
        hint = _HINTS.get(field, "see docs/configuration.md")
        raise CannotDo(f"API_{field.upper()} {what}: {hint}.") from None


def sentence(error: Exception) -> str | None:
    """Say in one sentence what went wrong; None for what nobody foresaw."""
    if isinstance(error, (CannotDo, BadStore, BadKeys, BadRuleFile, BadSnapshot)):
        return str(error)
    if isinstance(error, CannotOpen):
        return f"A sealed value does not open ({error}): is API_KEYS the key file of this store?"
    if isinstance(error, Refusal):
        facts = ", ".join(f"{name} {value}" for name, value in error.params.items())
        return f"This is refused: {error.code.replace('_', ' ')}{facts and f' ({facts})'}."
    if isinstance(error, (OperationalError, InterfaceError)):
        reason = str(error.orig).partition("\n")[0]
        return f"The database went away ({reason}): what was committed stays, run it again."
    return None
