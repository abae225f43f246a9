"""Libraries that others load because they are there, and that nothing of ours ever asks for.

    rich, pygments   colours, which structlog, httpx and Mako prepare for; they come with typer
    greenlet         coroutines for structlog's old contexts; it comes with test tools
    pydantic.v1      models of the old kind, which FastAPI looks for among ours

Together they are eight MiB in each process. Who imports one does without when it is not there.
"""

import sys

NAMES = ("rich", "pygments", "greenlet", "pydantic.v1")


def leave_out() -> None:
    """Let them not be found from now on; one that is loaded already stays. For a process of its own.

    It is to be called before anything else is imported.
    """
    for name in NAMES:
        # Python's word for a module that is not to be found: the import system's page on its cache.
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
