"""Is it still true? Asked of a higher floor, for a whole batch at once, before anything leaves.

A template names its question; `reactions.py` is the one table of which verb answers it.
"""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy.orm import Session

Answer = Callable[[Session, list[str]], Collection[str]]
"""Of these subjects (`debt:<uuid>`), those of which it is still true."""

_answers: dict[str, Answer] = {}


def connect(table: Mapping[str, Answer]) -> None:
    """Put the table of answers in force."""
    _answers.clear()
    _answers.update(table)


def still_true(
    session: Session, asked: Mapping[str, Collection[str]]
) -> Mapping[str, frozenset[str]]:
    """Ask each question once for all its subjects; KeyError for one that nobody answers."""
    return {
        question: frozenset(_answers[question](session, sorted(set(abouts))))
        for question, abouts in asked.items()
    }
