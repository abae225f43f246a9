"""Files as they come: broken, foreign, enormous."""

import csv
import tracemalloc
from pathlib import Path

import pytest

from api.commands.sheets import LONGEST_LINE, Fault, Record, RefusedFile, Sheet, inert
from api.commands.troubles import CannotDo

COLUMNS = ["day", "name"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "holidays.csv"


def rows(path: Path, content: bytes | str) -> list[Record | Fault]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Sheet(path, COLUMNS) as sheet:
        return list(sheet)


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ("day,name\n1,نوروز\n", [(2, ["1", "نوروز"])]),
        ("\ufeffday,name\r\n1,a\r\n", [(2, ["1", "a"])]),
        (" Name , DAY\na,1", [(2, ["1", "a"])]),
        ('day,name\n1,"a, ""b"""\n', [(2, ["1", 'a, "b"'])]),
        ("day,name\n\n  \n,\n;;\n1,a\n", [(6, ["1", "a"])]),
        ("\nday,name\n1,a\n", [(3, ["1", "a"])]),
        ("day,name\n", []),
    ],
)
def test_records_are_read_with_their_lines(path, content, records):
    assert rows(path, content) == [Record(*record) for record in records]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'1,"never closed', "quotes"),
        (b'1,"closed"badly', "quotes"),
        (b"1,a,b", "has 3 cells where the header has 2"),
        (b"1", "has 1 cells where the header has 2"),
        (b"1,a\0b", "NUL byte"),
        (b"1," + b"a" * LONGEST_LINE, "longer than 65536 bytes"),
    ],
)
def test_broken_line_spoils_itself_and_no_other(path, line, why):
    first, fault, last = rows(path, b"day,name\n1,a\n" + line + b"\n2,b\n")
    assert (first, last) == (Record(2, ["1", "a"]), Record(4, ["2", "b"]))
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column) == (3, "")
    assert why in fault.reason


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty: its first line must be day,name"),
        (b"\n\n", "is empty"),
        (b"day\n", "has no column 'name'"),
        (b"day,name,shoe\n", "has an unknown column 'shoe'"),
        (b"day,name,day\n", "has twice the column 'day'"),
        (b"day;name\n", "has no column 'day'"),
        (b'"day,name\n', "no header that can be read"),
        (b"day,\0name\n", "no header that can be read"),
        (b",".join(b"c%d" % place for place in range(1_000_000)), "no header that can be read"),
        ("day,name\n1,نوروز\n".encode("cp1256"), r"not in UTF-8 \(line 2\)"),
        ("day,name\n1,نوروز\n".encode("utf-16"), r"in UTF-16 and not in UTF-8 \(line 1\)"),
    ],
)
def test_file_that_is_no_sheet_is_refused_in_one_sentence(path, content, told):
    with pytest.raises(CannotDo, match=told) as refused:
        rows(path, content)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_optional_column_may_be_absent_and_reads_as_empty(path):
    path.write_text("name,day\na,1\n", encoding="utf-8")
    with Sheet(path, [*COLUMNS, "until"], ["until"]) as sheet:
        assert list(sheet) == [Record(2, ["1", "a", ""])]
    path.write_text("name,until\na,1\n", encoding="utf-8")
    with pytest.raises(CannotDo, match="no column 'day'"):
        Sheet(path, [*COLUMNS, "until"], ["until"])


def test_file_that_is_not_there_is_refused_in_one_sentence(tmp_path):
    for name in ("absent.csv", "."):
        with pytest.raises(CannotDo, match="cannot be read"):
            Sheet(tmp_path / name, COLUMNS)


def test_line_of_a_hundred_megabytes_takes_no_memory(path):
    with path.open("wb") as file:
        file.write(b"day,name\n1,")
        for _ in range(100):
            file.write(b"a" * 1_000_000)
        file.write(b"\n2,b\n")
    tracemalloc.start()
    with Sheet(path, COLUMNS) as sheet:
        fault, record = list(sheet)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    path.unlink()
    assert isinstance(fault, Fault)
    assert record == Record(3, ["2", "b"])
    assert peak < 2_000_000


def refused_rows(file: RefusedFile) -> list[list[str]]:
    with file.path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))


def test_refused_file_names_line_column_reason_and_value(path):
    file = RefusedFile(path)
    file.add(Fault(7, "day", "is no day", 'a "b", c'))
    file.close()
    assert file.path.name == "holidays.csv.refused.csv"
    assert refused_rows(file) == [
        ["line", "column", "reason", "value"],
        ["7", "day", "is no day", 'a "b", c'],
    ]
    assert file.path.stat().st_mode & 0o077 == 0


def test_refused_file_of_an_earlier_run_is_gone(path):
    file = RefusedFile(path)
    file.add(Fault(7, "day", "is no day"))
    file.close()
    RefusedFile(path).close()
    assert not file.path.exists()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_refused_file_holds_no_formula(path, start):
    file = RefusedFile(path)
    file.add(Fault(2, "name", "is odd", f"{start}HYPERLINK(1)"))
    file.close()
    assert refused_rows(file)[1][3] == f"'{start}HYPERLINK(1)"
    assert inert("usual") == "usual"


def test_refused_file_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "x.csv.refused.csv").mkdir()
    with pytest.raises(CannotDo, match="cannot be written"):
        RefusedFile(tmp_path / "x.csv")
