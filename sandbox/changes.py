"""What moved: one counter that grows with everything that happens, and a way to wait for it."""

import asyncio


class Changes:
    """A counter of happenings. Whoever remembers the last one seen can wait for the next."""

    def __init__(self) -> None:
        self.count = 0
        self._moved = asyncio.Event()
        self._closed = False

    def touch(self) -> int:
        """Count one more happening, wake all who wait, and answer its number."""
        self.count += 1
        self._wake()
        return self.count

    def close(self) -> None:
        """Let everyone who waits go home: the program ends."""
        self._closed = True
        self._wake()

    async def after(self, seen: int, *, seconds: float) -> int:
        """Answer the counter as soon as it differs from `seen`, or when `seconds` have passed.

        It answers on a difference, not on growth: after a restart the counter begins anew.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while self.count == seen and not self._closed:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                break
        return self.count

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
