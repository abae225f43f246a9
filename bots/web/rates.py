"""How often an address may knock at the page; each process counts for itself, and forgets soon."""

from collections import OrderedDict
from collections.abc import Callable

PER_SECOND = 10.0
BURST = 100.0
"""Behind one address of a mobile network are many people."""
MOST_ADDRESSES = 20_000


class Rates:
    """A bucket an address; the one that was not heard of for longest makes room for a new one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def spend(self, address: str) -> bool:
        """Take one; False while the bucket of this address is empty."""
        now = self._clock()
        full_at = max(now, self._full_at.pop(address, now))
        may = full_at - now <= (BURST - 1) / PER_SECOND
        self._full_at[address] = full_at + 1 / PER_SECOND if may else full_at
        if len(self._full_at) > MOST_ADDRESSES:
            self._full_at.popitem(last=False)
        return may
