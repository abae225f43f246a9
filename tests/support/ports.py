"""Ports of the loopback for processes that are told theirs before they listen."""

import random
import socket
from contextlib import ExitStack, suppress

BELOW_WHAT_A_SYSTEM_GIVES = range(12_000, 30_000)


def free(count: int) -> list[int]:
    """Find so many ports that stay free until whoever was told them listens.

    They lie below those that a system gives by itself: one of these may be somebody's outgoing
    connection by then.
    """
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = random.SystemRandom().choice(BELOW_WHAT_A_SYSTEM_GIVES)
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(port)
        return ports


def a_free_one() -> int:
    """Find one."""
    return free(1)[0]
