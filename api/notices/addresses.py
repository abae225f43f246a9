"""Where a notice can go now: read again at the wire, for a whole batch, never when it is planned."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access import service as access
from api.kit.language import Language
from api.notices.models import Notice
from api.notices.plans import Channel
from api.people.models import Person
from api.preferences import service as preferences
from api.templates.catalogue import NoticeClass

SMS, EMAIL = "sms", "email"
"""The senders of these channels; a chat's sender is its bot, `telegram:employers`."""

# What a person who wrote STOP still gets: what the law or their own action demands.
_ALWAYS = frozenset({NoticeClass.CODE, NoticeClass.RECEIPT, NoticeClass.LEGAL})
# The bots in which what concerns a workplace is told.
_OF_WORKPLACES = "employers"


@dataclass(frozen=True, slots=True)
class Address:
    """An address, who speaks to it and in which language; `link_id` for a chat."""

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
        notices: Collection[Notice],
        *,
        channel: str,
        senders: Collection[str],
    ) -> None:
        """`senders` are those this postman speaks for: a chat of another bot is no address here."""
        people = {notice.person_id for notice in notices}
        self._channel = channel
        self._senders = senders
        self._links = access.links_of(session, people) if channel == Channel.CHAT else ()
        self._values = _values(session, people, channel)
        self._wishes = preferences.wishes(session, people)

    def may_be_told(self, notice: Notice) -> bool:
        """Whether the person lets us tell such a thing at all."""
        return notice.notice_class in _ALWAYS or self._wishes[notice.person_id].consent

    def address_of(self, notice: Notice) -> Address | None:
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
        sender = SMS if self._channel == Channel.SMS else EMAIL
        if not value or sender not in self._senders:
            return None
        return Address(sender, value, self._wishes[notice.person_id].language)

    def _chat_of(self, notice: Notice) -> Address | None:
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
    column = Person.phone if channel == Channel.SMS else Person.email
    rows = session.execute(select(Person.id, column).where(Person.id.in_(people))).all()
    return dict(rows)
