"""What is read of the migrations' files is what Alembic reads."""

import pytest
from alembic.script import ScriptDirectory

from api import migrations as core
from api.kit import revisions
from bots import migrations as bots


@pytest.mark.parametrize("room", [core, bots], ids=["core", "bots"])
def test_the_revisions_are_those_that_alembic_reads(room):
    scripts = ScriptDirectory.from_config(revisions.config(room._HERE))
    every = {one.revision for one in scripts.walk_revisions()}
    assert room.known() == every
    assert room.older() == every - set(scripts.get_heads())
