"""Receipts of SMPP as reports."""

import pytest

from api.kit.outcome import State
from notifier import receipts
from notifier.channels.smpp.pdus import Delivered

WORDS = (
    "id:{id} sub:001 dlvrd:001 submit date:2612021000 done date:261202100017 "
    "stat:{stat} err:00A text:بدهی"
)


def receipt(text: str = "", esm_class: int = 0x04, **parameters: bytes) -> Delivered:
    tags = {"name": 0x001E, "state": 0x0427, "vendor": 0x1401}
    return Delivered(
        sender="989990000001",
        line="10001420",
        esm_class=esm_class,
        coding=0,
        octets=text.encode(),
        parameters={tags[name]: value for name, value in parameters.items()},
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DELIVRD", State.DELIVERED),
        ("delivrd", State.DELIVERED),
        ("EXPIRED", State.TEMPORARY_FAILURE),
        ("UNDELIV", State.PERMANENT_FAILURE),
        ("REJECTD", State.PERMANENT_FAILURE),
        ("DELETED", State.PERMANENT_FAILURE),
        ("ACCEPTD", State.SENT),
        ("ENROUTE", State.SENT),
        ("UNKNOWN", None),
        ("ODDWORD", None),
    ],
)
def test_a_receipt_in_words_is_read(word, state):
    report = receipts.read(receipt(WORDS.format(id="a1", stat=word)))
    assert (report.provider_id, report.status, report.state) == ("a1", word.upper(), state)
    assert (report.provider, report.reference, report.at) == ("sms:smpp", None, "261202100017")


@pytest.mark.parametrize(
    ("number", "state"),
    [(1, State.SENT), (2, State.DELIVERED), (3, State.TEMPORARY_FAILURE), (7, None), (99, None)],
)
def test_a_receipt_of_parameters_is_read(number, state):
    report = receipts.read(receipt(name=b"a1\0", state=bytes([number])))
    assert (report.provider_id, report.state) == ("a1", state)


def test_the_parameters_go_before_the_words():
    told = receipt(WORDS.format(id="161", stat="UNDELIV"), name=b"a1\0", state=b"\x02")
    report = receipts.read(told)
    assert (report.provider_id, report.state) == ("a1", State.DELIVERED)


def test_what_a_receipt_said_is_kept_raw():
    report = receipts.read(receipt(WORDS.format(id="a1", stat="DELIVRD"), vendor=b"\x01\x02"))
    assert "stat%3ADELIVRD" in report.told
    assert "1401=0102" in report.told


def test_receipts_that_name_nothing_are_one_only_when_they_say_the_same():
    first, second, again = (
        receipts.read(receipt(text)) for text in ("delivered!", "not delivered!", "delivered!")
    )
    assert first.provider_id is None
    assert first.at == again.at != second.at


@pytest.mark.parametrize(
    ("brought", "told"),
    [
        (receipt("id:a1"), True),
        (receipt("id:a1", 0x20), True),
        (receipt("id:a1", 0x44), True),
        (receipt("1", 0x00, name=b"a1\0"), True),
        (receipt("id:a1 stat:DELIVRD", 0x00), False),
        (receipt("1", 0x40), False),
    ],
)
def test_a_receipt_is_told_from_what_people_write(brought, told):
    assert receipts.is_receipt(brought) is told
