"""The points themselves: none is missing around a commit or a call, none is forgotten by the faults."""

from api import app
from api.access.doors import Door
from tests.faults import doors, tree
from tests.faults.cases import SCENARIOS, SIDES

PASSED_ON = {
    # The stores name the commit as whoever opens the transaction does.
    "api/db.py:writing": set[str](),
    "bots/holding.py:_writing": {
        f"{point}.{side}"
        for point in ("memory.held", "memory.lifted", "memory.whole")
        for side in SIDES
    },
    "bots/store.py:writing": set[str](),
    "bots/store.py:changed": set[str](),
    # A door's commit is named for the door.
    "api/access/doors.py:_within": {
        f"door.{name}.{side}" for name in doors.DOORS for side in SIDES
    },
    # These name it as whoever calls them does.
    "api/payments/flows.py:inside": set[str](),
    "api/portal/answering.py:crossing": set[str](),
}

# Calls to the outside whose points stand around them in the functions that call this one.
SURROUNDED = {
    "api/client/knock.py:_call": ("bots.core",),
    "api/payments/zarinpal.py:_post": ("payments.gateway.ask", "payments.gateway.verify"),
    "bots/adapters/files.py:_bytes": ("bots.file",),
    "bots/adapters/files.py:_path": ("bots.file",),
    "bots/adapters/bale.py:_watch": ("bots.bale.arranged",),
    "bots/adapters/bale.py:describe": ("bots.bale.arranged",),
    "bots/adapters/bale.py:offer_commands": ("bots.bale.arranged",),
    "bots/adapters/bale.py:unwatch": ("bots.bale.arranged",),
    "notifier/channels/bale.py:_hand": ("channels.bale.send",),
    "notifier/channels/bale.py:_say": ("channels.bale.send",),
    "notifier/channels/bale.py:_show": ("channels.bale.send",),
    "notifier/channels/email.py:_begin": ("channels.email.send",),
    "notifier/channels/email.py:_deliver": ("channels.email.send",),
    "notifier/channels/sms_http.py:_call": ("channels.sms.send",),
    "notifier/channels/telegram.py:_hand": ("channels.telegram.send",),
    "notifier/channels/telegram.py:_say": ("channels.telegram.send",),
    "notifier/channels/telegram.py:_show": ("channels.telegram.send",),
}
# A farewell to a mail server changes nothing.
# So does looking whether somebody is there.
WITHOUT_EFFECT = {"api/kit/checkup.py:reached", "notifier/channels/email.py:_leave"}

SPEAKERS = {
    "api/client/knock.py",
    "api/kit/checkup.py",
    "api/payments/zarinpal.py",
    "bots/adapters/bale.py",
    "bots/adapters/bot_api.py",
    "bots/adapters/files.py",
    "bots/adapters/telegram.py",
    "notifier/channels/bale.py",
    "notifier/channels/email.py",
    "notifier/channels/sms_http.py",
    "notifier/channels/smpp/pdus.py",
    "notifier/channels/smpp/texts.py",
    "notifier/channels/telegram.py",
    "notifier/channels/wire.py",
    "notifier/doctor.py",
    "notifier/handing_on.py",
}
# These use the same libraries to listen, or to name a machine.
LISTENERS = {
    "api/app.py",
    "bots/doors.py",
    "bots/serving.py",
    "bots/web/doors.py",
    "bots/web/forms.py",
    "notifier/clock.py",
    "notifier/reports.py",
    "notifier/serving.py",
}


def test_every_commit_has_a_point():
    assert tree.bare_commits() == []


def test_every_call_to_the_outside_has_a_point():
    bare = {place.where for place in tree.bare_calls()}
    assert bare == set(SURROUNDED) | WITHOUT_EFFECT
    named, _ = tree.named_points()
    assert {f"{point}.before" for points in SURROUNDED.values() for point in points} <= named


def test_whoever_speaks_to_the_outside_is_known():
    """A new file with such a library is read by a person, who says which of the two it is."""
    assert tree.speakers() == SPEAKERS | LISTENERS


def test_every_point_is_killed_at():
    named, passed = tree.named_points()
    assert {place.where for place in passed} == set(PASSED_ON)
    killed = {
        f"{point}.{side}" for scenario in SCENARIOS for point in scenario.POINTS for side in SIDES
    }
    assert killed == named.union(*PASSED_ON.values())


def test_every_door_that_writes_is_knocked_at():
    writing = {
        str(route.operation_id)
        for router in app._ROUTERS
        for route in router.routes
        if isinstance(route, Door) and route.methods != {"GET"}
    }
    assert writing == set(doors.DOORS)
