"""docs/asvs.md answers every requirement of levels 1 and 2, by tests or by a reason."""

import json
import re
from collections.abc import Iterator

from tests.faults.tree import ROOT

_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| (.*) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")


def answers() -> Iterator[tuple[str, int, str]]:
    for number, level, answer in _ROW.findall(PAGE):
        yield number, int(level), answer


def test_every_requirement_is_answered_once():
    asked = json.loads((ROOT / "tests" / "vectors" / "asvs.json").read_text(encoding="utf-8"))
    found = [(number, level) for number, level, _answer in answers()]
    assert dict(found) == asked["levels"]
    assert len(found) == len(asked["levels"])


def test_each_answer_is_a_proof_or_a_reason():
    """That the tests and files it names exist is judged in tests/test_docs.py, as of every page."""
    for number, _level, answer in answers():
        proved = "`tests/" in answer and "::test_" in answer
        assert proved or len(answer.split()) >= 3, f"{number}: neither a test nor a reason"
        assert answer.endswith("."), number
