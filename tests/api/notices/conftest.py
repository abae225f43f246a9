"""Fixtures of the post office."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from api.notices import questions
from tests.api.notices.office import Office, all_true


@pytest.fixture
def office(session: Session) -> Iterator[Office]:
    """A post office where everything that is asked is still true."""
    all_true()
    yield Office(session)
    questions.connect({})
