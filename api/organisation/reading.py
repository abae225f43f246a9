"""Rule tables as they stand in the repository: TOML files that name their source."""

import itertools
import tomllib
from collections.abc import Sequence
from pathlib import Path

from api.kit.calendar import BadDate, parse_day
from api.organisation.rules import RuleVersion

RULE_TABLES = Path(__file__).parent / "rule_tables"


class BadRuleFile(ValueError):
    """A rule file cannot be used; the text names the file and what is wrong with it."""


def read(folder: Path = RULE_TABLES) -> Sequence[RuleVersion]:
    """Read every `*.toml` of a folder; raises BadRuleFile.

    Days are Jalali texts. Fractions stay text, exact, for the reader to make a Decimal of.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise BadRuleFile(f"There is no rule file (*.toml) in {folder}.")
    return [version for file in files for version in _versions(file)]


def _versions(file: Path) -> Sequence[RuleVersion]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=str)
        name: str = data["name"]
        found = [
            RuleVersion(
                name=name,
                valid_from=parse_day(one["valid_from"]),
                valid_to=parse_day(one["valid_to"]) if "valid_to" in one else None,
                body=dict(one["body"]),
                source=str(one["source"]),
            )
            for one in data["versions"]
        ]
    except KeyError as missing:
        raise BadRuleFile(f"The rule file {file} has no {missing.args[0]}.") from None
    except BadDate as bad:
        raise BadRuleFile(f"The rule file {file} has a date that is none ({bad}).") from None
    except (OSError, ValueError, TypeError) as error:
        raise BadRuleFile(f"The rule file {file} cannot be read: {error}.") from None
    _check_order(file, found)
    return found


def _check_order(file: Path, versions: Sequence[RuleVersion]) -> None:
    """Two versions on one day would leave open which of them is the rule."""
    in_order = sorted(versions, key=lambda version: version.valid_from)
    for earlier, later in itertools.pairwise(in_order):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            raise BadRuleFile(f"The rule file {file} has two versions for {later.valid_from}.")
    for one in in_order:
        if one.valid_to is not None and one.valid_to < one.valid_from:
            raise BadRuleFile(f"The rule file {file} has a version that ends before it begins.")
