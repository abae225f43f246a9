"""The dialogues, one file a feature: every one that is written here is offered."""

import pkgutil
from importlib import import_module

from bots.talk import Dialogue, Dialogues


def collected() -> Dialogues:
    """All dialogues of this folder."""
    modules = [
        import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    ]
    return Dialogues(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Dialogue) and value.script.__module__ == module.__name__
    )
