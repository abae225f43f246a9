"""Where a notice can go now: read again at the wire, for a whole batch, never when it is planned."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, bindparam, select
from sqlalchemy.orm import Session

from api.access import service as access
from api.kit.language import Language
from api.notices import senders as lines
from api.notices.plans import Channel
from api.notices.rows import NoticeRow
from api.people.models import Person
from api.preferences import service as preferences
from api.templates.catalogue import NoticeClass

# What a person who wrote STOP still gets: what the law or their own action demands.
_ALWAYS = frozenset({NoticeClass.CODE, NoticeClass.RECEIPT, NoticeClass.LEGAL})
_VALUES: Mapping[Channel, Executable] = {
    channel: select(Person.id, column).where(Person.id.in_(bindparam("people", expanding=True)))
    for channel, column in ((Channel.SMS, Person.phone), (Channel.EMAIL, Person.email))
}
# The bots in which what concerns a workplace is told.
_OF_WORKPLACES = "employers"


@dataclass(frozen=True, slots=True)
class Address:
    """An address, who speaks to it and in which language; `link_id` for a chat.

    Where a channel has several senders it is the first of them.
    """

    sender: str
    value: str = field(repr=False)
    language: Language
    link_id: uuid.UUID | None = None


class AddressBook:
    """The addresses, languages and wishes of the people of a batch, read at once.

    A chat is written to in its own language, whatever the person reads elsewhere.
    """

    def __init__(
        self,
        session: Session,
        notices: Collection[NoticeRow],
        *,
        channel: str,
        senders: Collection[str],
    ) -> None:
        """`senders` are those this postman speaks for: a chat of another bot is no address here."""
        people = {notice.person_id for notice in notices}
        self._channel = channel
        self._senders = senders
        self._line = next(iter(lines.of(channel, senders)), None)
        self._links = access.links_of(session, people) if channel == Channel.CHAT else ()
        self._values = _values(session, people, channel)
        self._wishes = preferences.wishes(session, people)

    def may_be_told(self, notice: NoticeRow) -> bool:
        """Whether the person lets us tell such a thing at all."""
        return notice.notice_class in _ALWAYS or self._wishes[notice.person_id].consent

    def address_of(self, notice: NoticeRow) -> Address | None:
        """Where this notice goes by this channel; None when it cannot."""
        if notice.notice_class != NoticeClass.CODE and (
            self._channel in self._wishes[notice.person_id].muted
        ):
            return None
        if self._channel == Channel.CHAT:
            # What is meant for one chat warns of another: a STOP written there does not silence it.
            may_chat = notice.link_id is not None or self._wishes[notice.person_id].consent
            return self._chat_of(notice) if may_chat else None
        value = self._values.get(notice.person_id)
        if not value or self._line is None:
            return None
        return Address(self._line, value, self._wishes[notice.person_id].language)

    def _chat_of(self, notice: NoticeRow) -> Address | None:
        audience = None if notice.workshop_id is None else _OF_WORKPLACES
        for link in self._links:
            if notice.link_id is not None:
                fits = link.id == notice.link_id
            else:
                fits = audience in {None, link.audience}
            sender = f"{link.messenger}:{link.audience}"
            if fits and link.person_id == notice.person_id and sender in self._senders:
                return Address(sender, link.chat, Language(link.language), link.id)
        return None


def _values(
    session: Session, people: Collection[uuid.UUID], channel: str
) -> Mapping[uuid.UUID, str | None]:
    if channel == Channel.CHAT:
        return {}
    rows: Sequence[Any] = session.execute(_VALUES[Channel(channel)], {"people": list(people)}).all()
    return dict(rows)
