"""Files kept, shown for a request, and deleted in their time."""

import uuid
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select, update

from api.files import service
from api.files.models import File, FilePiece
from api.files.refusals import FileNotFound, FileNotTaken
from api.files.rules import KEPT_AFTER, UNUSED_AT_MOST, UNUSED_LASTS, MediaType, Purpose
from api.files.sealing import PIECE_BYTES
from api.kit.sealing import CannotOpen
from api.requests import service as requests
from tests.support import make, papers


def kept(session, person, content: bytes = b"", *, now=make.NOW) -> File:
    content = content or papers.png()
    return service.keep(
        session,
        person_id=person.id,
        purpose=Purpose.LOSS_PAPER,
        content=content,
        sha256=sha256(content).digest(),
        channel="telegram",
        now=now,
    )


def shown(session, person, file_id: uuid.UUID, *, now=make.NOW) -> uuid.UUID:
    """Show a file for a request of this person's."""
    begun = requests.begin(
        session,
        kind="booklet",
        person_id=person.id,
        subject_id=person.id,
        only=None,
        stage="requested",
        due_on=None,
        now=now,
    )
    service.show(
        session,
        person_id=person.id,
        file_id=file_id,
        purpose=Purpose.LOSS_PAPER,
        request_id=begun.id,
        now=now,
    )
    return begun.id


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_file_comes_back_as_it_was_sent(session):
    mina = make.person(session)
    long = papers.pdf(padding=2 * PIECE_BYTES)
    for content in (papers.png(), long):
        assert b"".join(service.content(session, kept(session, mina, content))) == content
    assert count(session, FilePiece) == 4


def test_bytes_in_the_store_are_sealed(session):
    mina = make.person(session)
    file = kept(session, mina, papers.pdf(padding=1000))
    (piece,) = session.scalars(select(FilePiece.sealed))
    assert b"%PDF" not in piece
    assert b" " * 20 not in piece
    session.execute(update(FilePiece).values(sealed=piece[:-1] + bytes([piece[-1] ^ 1])))
    with pytest.raises(CannotOpen):
        list(service.content(session, file))


def test_piece_that_is_missing_or_elsewhere_does_not_open(session):
    mina = make.person(session)
    file = kept(session, mina, papers.pdf(padding=2 * PIECE_BYTES))
    first = session.get_one(FilePiece, (file.id, 0))
    second = session.get_one(FilePiece, (file.id, 1))
    first.sealed, second.sealed = second.sealed, first.sealed
    session.flush()
    with pytest.raises(CannotOpen):
        list(service.content(session, file))
    first.sealed, second.sealed = second.sealed, first.sealed
    session.delete(session.get_one(FilePiece, (file.id, 2)))
    session.flush()
    with pytest.raises(CannotOpen):
        list(service.content(session, file))


def test_same_bytes_are_the_same_file_and_last_anew(session):
    mina = make.person(session)
    first = kept(session, mina)
    later = make.NOW + timedelta(hours=3)
    assert kept(session, mina, now=later).id == first.id
    assert first.expires_at == later + UNUSED_LASTS
    assert (first.media_type, count(session, File)) == (MediaType.PNG, 1)


def test_same_bytes_of_two_people_are_two_files(session):
    assert kept(session, make.person(session)).id != kept(session, make.person(session)).id


def test_what_is_refused_leaves_nothing(session):
    with pytest.raises(FileNotTaken):
        kept(session, make.person(session), papers.WEBP)
    assert (count(session, File), count(session, FilePiece)) == (0, 0)


def test_of_too_many_that_wait_the_oldest_goes(session):
    mina, other = make.person(session), make.person(session)
    theirs = kept(session, other)
    ids = [
        kept(session, mina, papers.jpeg(1000 + n), now=make.NOW + timedelta(seconds=n)).id
        for n in range(UNUSED_AT_MOST + 2)
    ]
    there = set(session.scalars(select(File.id)))
    assert there == {theirs.id, *ids[2:]}


def test_file_of_somebody_else_is_not_found(session):
    mina, other = make.person(session), make.person(session)
    file = kept(session, mina)
    with pytest.raises(FileNotFound):
        shown(session, other, file.id)
    with pytest.raises(FileNotFound):
        shown(session, mina, uuid.uuid4())


def test_file_is_shown_once(session):
    mina = make.person(session)
    file = kept(session, mina)
    request_id = shown(session, mina, file.id)
    with pytest.raises(FileNotFound):
        shown(session, mina, file.id)
    assert [one.id for one in service.of_request(session, request_id)] == [file.id]


def test_unused_file_is_deleted_after_a_day(session):
    mina = make.person(session)
    file = kept(session, mina)
    over = make.NOW + UNUSED_LASTS
    assert service.sweep(session, now=over - timedelta(seconds=1)) == 0
    with pytest.raises(FileNotFound):
        shown(session, mina, file.id, now=over)
    assert service.sweep(session, now=over) == 1
    assert (count(session, File), count(session, FilePiece)) == (0, 0)


def test_shown_file_stays_until_its_request_has_ended_long_ago(session):
    mina = make.person(session)
    request_id = shown(session, mina, kept(session, mina).id)
    years = make.NOW + timedelta(days=1000)
    assert service.sweep(session, now=years) == 0
    service.let_go(session, request_id=request_id, now=make.NOW)
    assert service.sweep(session, now=make.NOW + KEPT_AFTER - timedelta(seconds=1)) == 0
    assert service.sweep(session, now=make.NOW + KEPT_AFTER) == 1


def test_sweep_deletes_no_more_than_it_is_told(session):
    mina = make.person(session)
    for n in range(3):
        kept(session, mina, papers.jpeg(1000 + n))
    assert service.sweep(session, now=make.NOW + UNUSED_LASTS, limit=2) == 2
    assert count(session, File) == 1
