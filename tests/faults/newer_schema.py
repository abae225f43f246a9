"""A plugin for the tests of a previous release: their tables are those of today.

`NEWER_SCHEMA` names a file of JSON: by dialect, the statements that make today's tables.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    from tests.support import models

    made = json.loads(Path(os.environ["NEWER_SCHEMA"]).read_text(encoding="utf-8"))

    def create(store: Any) -> None:
        models.import_all()
        with store.bind.engine.begin() as connection:
            for statement in made[store.dialect]:
                connection.execute(text(statement.replace(":", r"\:")))

    models.create = create
