"""The trail checked by an operator, in the store and in a file."""

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from api.audit import anchoring, sealing, service, verify
from api.audit.models import Entry
from api.commands import audit
from api.commands.troubles import CannotDo
from api.db import Store
from tests.support import core, make


def sealed(store: Store) -> None:
    with store.writing("test") as session:
        for number in range(3):
            service.note(
                session, actor="a", verb="v", subject=f"s:{number}", detail={}, now=make.NOW
            )
        session.flush()
        sealing.seal(session, slot=date(2026, 11, 23), after=None, now=make.NOW)


def test_what_is_checked_is_exported_and_checked_again_elsewhere(store: Store, tmp_path: Path):
    sealed(store)
    line, spelt = audit.anchor(store, now=make.NOW)
    (tmp_path / "anchors").write_text(line + "\n")
    assert spelt.replace("-", "") == json.loads(line)["seal"]
    file = tmp_path / "trail.jsonl"
    report = audit.verify(store, [tmp_path / "anchors"], file)
    assert (report.is_whole, report.sealed, report.anchors) == (True, 3, 1)
    assert verify.main([str(file), "--anchors", str(tmp_path / "anchors")]) == 0
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CannotDo, match="cannot be written"):
        audit.verify(store, [], file)


def test_a_bent_trail_is_bent_in_its_export_too(store: Store, tmp_path: Path, capsys):
    sealed(store)
    with store.writing("test") as session:
        bend = update(Entry).where(Entry.number == 2).values(subject="s:9")
        session.execute(bend.execution_options(synchronize_session=False))
    file = tmp_path / "trail.jsonl"
    assert [one.number for one in audit.verify(store, [], file).findings] == [2]
    assert verify.main([str(file)]) == 1
    assert capsys.readouterr().out.startswith("row 2: ")


def test_without_names_the_clock_s_own_anchors_are_held_against_it(tmp_path: Path):
    settings = core.settings(anchors=tmp_path)
    assert audit.files(settings, None) == []
    (tmp_path / anchoring.FILE).touch()
    assert audit.files(settings, None) == [tmp_path / anchoring.FILE]
    assert audit.files(settings, [Path("mine")]) == [Path("mine")]


def test_there_is_no_anchor_before_the_first_seal(store: Store):
    with pytest.raises(CannotDo, match="Nothing is sealed"):
        audit.anchor(store, now=make.NOW)
