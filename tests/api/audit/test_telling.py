"""A trail in a file is checked by the standard library alone, and what was done to the file is found."""

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from api.audit import telling, verify
from api.audit.chain import Anchor
from api.audit.telling import CannotRead, Writer
from tests.api.audit.test_chain import ROWS, anchor_at, head_of, trail
from tests.support import luck

ROOT = Path(__file__).parents[3]


def written() -> list[str]:
    rows, file = trail(), io.StringIO()
    writer = Writer(file)
    for row in rows:
        writer.row(row)
    writer.head(head_of(rows))
    return file.getvalue().splitlines()


def anchors() -> list[Anchor]:
    return [anchor_at(trail(), 4), anchor_at(trail(), ROWS)]


def test_a_file_is_checked_without_a_store_a_key_or_another_package(tmp_path: Path):
    file, outside = tmp_path / "trail.jsonl", tmp_path / "anchors.jsonl"
    file.write_text("\n".join(written()) + "\n", encoding="utf-8")
    outside.write_text("".join(f"{telling.anchor_line(one)}\n" for one in anchors()))
    checking = [
        sys.executable,
        "-S",
        "-m",
        "api.audit.verify",
        str(file),
        "--anchors",
        str(outside),
    ]
    done = subprocess.run(checking, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"the trail is whole: {ROWS} rows sealed, 0 of them emptied; 2 anchors agree; "
        "0 entries not sealed yet\n"
    )


def test_whatever_is_changed_in_a_file_is_found():
    chance = random.Random(luck.seed())
    for _ in range(300):
        lines = written()
        at = chance.randrange(ROWS)
        match chance.choice(["column", "delete", "double", "move", "end"]):
            case "column":
                said = json.loads(lines[at])
                column = chance.choice(list(said))
                old = said[column]
                while said[column] == old:
                    said[column] = chance.choice(["x", "ab" * 16, None, {}, 3, 99])
                lines[at] = json.dumps(said)
            case "delete":
                del lines[at]
            case "double":
                lines.insert(chance.randrange(ROWS), lines[at])
            case "move":
                lines.insert((at + chance.randrange(1, ROWS - 1)) % ROWS, lines.pop(at))
            case "end":
                del lines[at : chance.choice([ROWS, ROWS + 1])]
        if lines == written():
            continue
        try:
            report = telling.check(lines, anchors())
        except CannotRead:
            continue
        assert not report.is_whole, lines


def test_a_bent_file_says_where_and_ends_with_one(tmp_path: Path, capsys):
    lines = written()
    del lines[2]
    file = tmp_path / "trail.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert verify.main([str(file)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "row 3: a row is missing here"
    assert out[1].startswith("THE TRAIL WAS BENT: 8 rows sealed")


@pytest.mark.parametrize("text", ["", "no json\n", '{"number": "1"}\n', "\udce4"])
def test_what_is_no_trail_is_said_to_be_none(tmp_path: Path, capsys, text: str):
    file = tmp_path / "trail.jsonl"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert verify.main([str(file)]) == 2
    assert verify.main([str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().out == ""


def test_anchors_are_read_from_a_file_a_log_and_over_a_torn_line():
    plain = anchors()[0]
    seal = "-".join(plain.seal.hex()[at : at + 4] for at in range(0, 64, 4))
    logged = {"event": "audit.anchored", "day": plain.day, "count": plain.number, "seal": seal}
    text = f'{telling.anchor_line(plain)}\n{{"day": "2026-\n{json.dumps(logged)}\nelse\n'
    assert list(telling.anchors_in(text)) == [plain, plain]


def test_a_file_without_an_anchor_proves_nothing(tmp_path: Path):
    (tmp_path / "empty").touch()
    for name in ("empty", "nowhere"):
        with pytest.raises(CannotRead, match=name):
            telling.anchors_of([tmp_path / name])
