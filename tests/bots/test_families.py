"""For whom a talk is: the person, or a child they may act for; said to the core with each call."""

from uuid import UUID

import pytest

from api.access.refusals import GrantEnded
from api.access.schemas import GrantOut
from api.client import Core
from api.client.notices import OPENED
from api.kit.language import _
from api.notices.schemas import NoticeOut
from bots.talk import Ask, Dialogues, Do, Option, dialogue
from tests.bots import trials
from tests.bots.players import TerminalPlayer
from tests.bots.pretend import CHILDREN, GRANTS, OTHER, PretendKnocker
from tests.support import make


@dialogue("shared", words=_("A page that is shared"), persons=True)
async def shared(core: Core) -> None:
    what = await Ask("what", _("What for?"), [Option("month", _("A month"))])
    await Do("page", trials.trial(core).page, what=what)


class Person:
    """A parent who talks English."""

    def __init__(self, *grants: GrantOut) -> None:
        self.knocker: PretendKnocker = trials.new_knocker(grants=list(grants))
        core = trials.new_core(self.knocker)
        dialogues = Dialogues([*trials.DIALOGUES, shared])
        self.player = TerminalPlayer(dialogues, core, "people", "en")

    async def say(self, text: str) -> str:
        heard = await self.player.send({"chat": "501", "text": text})
        return "\n".join(message.text for message in heard)

    async def tap(self, data: str) -> str:
        heard = await self.player.send({"chat": "501", "tap": data})
        return "\n".join(message.text for message in heard)

    def grants_told(self) -> list[UUID | str | None]:
        return [told.grant for door, _facts, told in self.knocker.calls if door.endswith("page")]


async def test_one_without_children_is_not_asked_for_whom():
    parent = Person(*GRANTS)
    assert "What for?" in await parent.say("/premium")
    await parent.say("1")
    assert parent.grants_told() == [None]


@pytest.mark.parametrize(
    ("said", "told"), [("For me", None), (CHILDREN[1].label, str(CHILDREN[1].id))]
)
async def test_each_call_says_for_whom(said: str, told: str | None):
    parent = Person(*CHILDREN)
    assert "For whom?" in await parent.say("/premium")
    assert "What for?" in await parent.say(said)
    await parent.say("1")
    assert parent.grants_told() == [told]


@pytest.mark.parametrize("grant", [CHILDREN[0].id, None])
async def test_a_talk_about_a_notice_is_for_whom_the_notice_was(grant: UUID | None):
    parent = Person(*CHILDREN)
    parent.knocker.answers[OPENED] = lambda code: NoticeOut(
        code=code,
        template="trial",
        subject="it",
        day=make.TODAY,
        about="trial:1",
        grant_id=grant,
        text="it is so",
        status="sent",
        actions=[],
    )
    assert "About the notice." in await parent.tap("of_family|K7Q2M4XD")
    assert parent.grants_told() == [grant if grant is None else str(grant)]


async def test_a_child_that_came_of_age_ends_the_talk_in_words():
    def page(what: str) -> trials.Page:
        raise GrantEnded

    parent = Person(*CHILDREN)
    parent.knocker.answers[trials.PAGE] = page
    await parent.say("/premium")
    await parent.say("2")
    assert "no longer act for this person" in await parent.say("1")


async def test_a_person_is_reached_by_telephone_where_no_workplace_is_linked():
    parent = Person(*CHILDREN)
    await parent.say("/premium")
    assert "1420" in await parent.say("a person")


def test_a_talk_is_for_a_workplace_or_for_a_person():
    async def it(_core: Core) -> None:
        """Say nothing."""

    with pytest.raises(TypeError, match="workplace"):
        dialogue("it", words=_("It"), acting=True, family=True)(it)


@pytest.mark.parametrize(("said", "told"), [("For me", None), (OTHER.label, str(OTHER.id))])
async def test_another_person_of_the_chat_is_offered_where_a_talk_may_be_about_them(
    said: str, told: str | None
):
    daughter = Person(*CHILDREN, OTHER)
    assert "For whom?" in await daughter.say("/shared")
    assert "did not understand" in await daughter.say(CHILDREN[0].label)
    await daughter.say(said)
    await daughter.say("1")
    assert daughter.grants_told() == [told]


async def test_another_person_is_not_offered_where_a_talk_is_about_children_alone():
    daughter = Person(*CHILDREN, OTHER)
    await daughter.say("/premium")
    assert "did not understand" in await daughter.say(OTHER.label)
