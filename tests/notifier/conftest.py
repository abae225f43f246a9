"""What the notifier's tests share."""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logged() -> Iterator[Sequence[MutableMapping[str, Any]]]:
    """What was logged, kept instead of printed."""
    with capture_logs() as lines:
        yield lines
