"""Rule files are read, and a bad one is refused in one sentence."""

from pathlib import Path

import pytest

from api.kit.calendar import from_jalali
from api.organisation import reading
from api.organisation.reading import BadRuleFile

GOOD = """
name = "fees"
[[versions]]
valid_from = "1404/01/01"
valid_to = "1404/12/29"
source = "a circular"
[versions.body]
percent = 2.5
[[versions]]
valid_from = "1405/01/01"
source = "another"
[versions.body]
percent = 3
"""


def read(folder: Path, text: str):
    (folder / "fees.toml").write_text(text, encoding="utf-8")
    return reading.read(folder)


def test_versions_are_read_with_exact_fractions(tmp_path):
    first, second = read(tmp_path, GOOD)
    assert (first.name, first.valid_from) == ("fees", from_jalali(1404, 1, 1))
    assert (first.valid_to, second.valid_to) == (from_jalali(1404, 12, 29), None)
    assert (first.body, second.body) == ({"percent": "2.5"}, {"percent": 3})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "fees"', "", "has no name"),
        ('source = "another"', "", "has no source"),
        ("1404/12/29", "1404/12/30", "a date that is none"),
        ("1404/12/29", "1405/01/01", "two versions for"),
        ('valid_to = "1404/12/29"', "", "two versions for"),
        ("1404/12/29", "1403/12/29", "ends before it begins"),
        ("[[versions]]", "versions = 3 #", "cannot be read"),
        ("name =", "name", "cannot be read"),
    ],
)
def test_bad_file_is_refused_by_name_and_reason(tmp_path, old, new, told):
    with pytest.raises(BadRuleFile, match=told) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert "fees.toml" in str(refused.value)


def test_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "fees.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRuleFile, match="cannot be read"):
        reading.read(tmp_path)


def test_folder_without_rules_is_refused(tmp_path):
    with pytest.raises(BadRuleFile, match="no rule file"):
        reading.read(tmp_path)


def test_rules_of_the_repository_name_their_source():
    found = reading.read()
    assert {one.name for one in found} >= {"debt_fines", "reminders", "contributions"}
    assert all(one.source and one.body for one in found)
