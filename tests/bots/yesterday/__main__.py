"""Stores the scenes that were named: `python -m tests.bots.yesterday NAME…`."""

import asyncio
import sys

from api import db
from tests.bots.yesterday import keys, store

db.use_keys(keys())

for name in sys.argv[1:]:
    asyncio.run(store(name))
