"""Once a day the chain is written down outside."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from api.audit import anchoring, sealing, service, telling
from api.kit import logs
from api.kit.calendar import today
from tests.support import make

DAY = today(make.NOW)


@pytest.fixture
def folder(tmp_path: Path):
    anchoring.use_folder(tmp_path)
    yield tmp_path
    anchoring.use_folder(None)


def anchor(session: Session, days: int = 0) -> int:
    day = DAY + timedelta(days=days)
    return anchoring.anchor(session, slot=day, after=None, now=make.NOW).done


def sealed(session: Session) -> None:
    service.note(session, actor="a", verb="v", subject="s", detail={}, now=make.NOW)
    session.flush()
    sealing.seal(session, slot=DAY, after=None, now=make.NOW)
    session.flush()


def test_each_day_has_one_line(session: Session, folder: Path):
    assert anchor(session) == 0
    sealed(session)
    anchor(session)
    sealed(session)
    # Killed after the line was written, before the slot had ended: the same day again.
    anchor(session)
    anchor(session, days=1)
    found = telling.anchors_of([folder / anchoring.FILE])
    assert [(one.day, one.number) for one in found] == [
        (DAY.isoformat(), 1),
        ((DAY + timedelta(days=1)).isoformat(), 2),
    ]


def test_a_line_that_was_torn_does_not_spoil_the_next(session: Session, folder: Path):
    sealed(session)
    (folder / anchoring.FILE).write_text('{"day": "20')
    anchor(session)
    assert [one.day for one in telling.anchors_of([folder / anchoring.FILE])] == [DAY.isoformat()]


def test_a_folder_that_cannot_be_written_is_a_fault(session: Session, folder: Path):
    sealed(session)
    anchoring.use_folder(folder / "nowhere")
    with pytest.raises(OSError, match="nowhere"):
        anchor(session)


def test_the_log_holds_the_anchor_and_hides_none_of_it(session: Session):
    sealed(session)
    with capture_logs() as said:
        anchor(session)
    made = anchoring.of(session, DAY)
    assert made is not None
    assert [(one["event"], one["day"], one["count"]) for one in said] == [
        ("audit.anchored", made.day, 1)
    ]
    assert logs.redact(said[0]["seal"]).replace("-", "") == made.seal.hex()
    assert {"seal", "day", "count"} <= logs.KEYS
    assert logs.redact(anchoring.spelt(bytes(32))) == anchoring.spelt(bytes(32))
