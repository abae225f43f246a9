"""Keys are made once, and rotated while others work."""

from pathlib import Path

import pytest
from sqlalchemy import text

from api import db
from api.commands import rotation
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit import sealing
from api.kit.sealing import BadKeys, Keyring
from api.people.models import Person
from tests.support import make

PEOPLE = 7


@pytest.fixture
def file(store: Store, tmp_path: Path):
    """A key file in use, and people sealed with it."""
    before = db.keys()
    path = tmp_path / "keys.json"
    rotation.new(path)
    db.use_keys(Keyring.load(path), path)
    with store.writing("arrange") as session:
        for number in range(PEOPLE):
            make.person(session, email=f"a{number}@example.org")
        make.person(session, phone=None)
    yield path
    db.use_keys(before)


def names(store: Store) -> set[bytes]:
    """The names of the keys with which people's values are sealed."""
    with store.reading() as session:
        rows = session.execute(text("SELECT national_code, phone, email FROM people")).all()
    kept = [bytes(value) for row in rows for value in row if value is not None]
    assert len(kept) == 3 * PEOPLE + 1
    return {value[1 : 1 + value[0]] for value in kept}


def test_key_file_is_made_for_its_owner_alone_and_never_overwritten(tmp_path):
    path = tmp_path / "deep" / "keys.json"
    rotation.new(path)
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    with pytest.raises(CannotDo, match="is there already"):
        rotation.new(path)
    assert path.read_bytes() == before


def test_key_file_that_cannot_be_made_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadKeys, match="cannot be written"):
        rotation.new(tmp_path / "file" / "keys.json")


def test_rotation_seals_everything_anew_and_keeps_old_keys(store, file):
    old = Keyring.load(file)
    done = rotation.rotate(store, file)
    ring = Keyring.load(file)
    assert (done.resealed, done.resumed) == (3 * PEOPLE + 1, False)
    assert names(store) == {ring.current.encode()}
    assert old.current in ring.sealing
    assert (ring.index, ring.signing) == (old.index, old.signing)
    with store.reading() as session:
        people = session.query(Person).all()
    assert {one.email for one in people} == {
        None,
        *(f"a{number}@example.org" for number in range(PEOPLE)),
    }


def test_rotation_that_was_killed_is_finished_with_the_same_key(store, file, monkeypatch):
    monkeypatch.setattr(rotation, "SIZE", 2)

    def die(done: int) -> None:
        if done > PEOPLE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(store, file, told=die)
    begun = Keyring.load(file)
    assert len(names(store)) == 2
    done = rotation.rotate(store, file)
    assert done.resumed
    assert Keyring.load(file).current == begun.current
    assert names(store) == {begun.current.encode()}


def test_value_that_changes_meanwhile_is_left_as_it_is(store, file):
    table = next(one for one in rotation.sealed_tables() if one.raw.name == "people")
    was_read = db.keys().seal("before@example.org", context="people.email")
    with store.writing("arrange") as session:
        person = make.person(session, email="after@example.org")
        session.connection().execute(
            rotation._change(table, "email"),
            [{"key_id": person.id, "old": was_read, "new": was_read}],
        )
    with store.reading() as session:
        assert session.get_one(Person, person.id).email == "after@example.org"


def test_process_that_runs_on_learns_the_new_key(store, file):
    old = Keyring.load(file)
    rotation.rotate(store, file)
    # As another process does, which has the old keys in memory and the path of the file.
    db.use_keys(old, file)
    with store.reading() as session:
        assert session.query(Person).first() is not None
    assert db.keys().current == Keyring.load(file).current


def test_two_rotations_do_not_lose_each_others_key(store, file):
    with sealing.alone(file), pytest.raises(BadKeys, match="Another command is changing"):
        rotation.rotate(store, file)


def test_every_sealed_column_is_found():
    found = {one.raw.name: set(one.contexts) for one in rotation.sealed_tables()}
    assert found["people"] == {"national_code", "phone", "email", "address"}
    assert found["employers"] == {"number"}
    assert found["chat_links"] == {"chat"}
