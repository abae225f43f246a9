"""The two doors that wait for a stranger: going to pay, and coming back.

Each crosses into the store, leaves it, asks the gateway with no session open, and crosses again
(design.md, "One request, one hop"). A process that dies in between leaves an attempt that the
sweeper finishes.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session

from api.access.hub import Hub
from api.holds import service as holds
from api.kit import points
from api.payments import service
from api.payments.gateway import Asked, Gateway

Result = TypeVar("Result")
Work = Callable[[Session, datetime], Result]


async def begin_payment(hub: Hub, gateway: Gateway, token: str) -> str | None:
    """Begin to pay on a link, and give the gateway's address to send the payer to.

    None when the link cannot be used now or the gateway did not answer: the page says which.
    Raises Unavailable when the core itself is busy.
    """
    begin = partial(_begin, token=token, gateway=gateway.name)
    begun = await _cross(hub, "payments.begin", begin)
    if begun is None:
        return None
    with points.around("payments.gateway.ask"):
        answer = await gateway.ask(
            amount=begun.amount,
            order=str(begun.attempt_id),
            callback=f"{hub.settings.public_url.rstrip('/')}/pay/return/{begun.secret}",
            description=begun.description,
        )
    await _cross(
        hub,
        "payments.asked",
        lambda session, now: service.asked(
            session, attempt_id=begun.attempt_id, answer=answer, now=now
        ),
    )
    return answer.url if isinstance(answer, Asked) else None


async def finish_return(
    hub: Hub, gateway: Gateway, secret: str, authority: str, status: str
) -> None:
    """Finish what somebody came back from: ask the gateway, and settle what it confirms.

    What was brought back is a hint and no more; an invented one changes nothing. Raises Unavailable
    when the core itself is busy: the sweeper asks then.
    """
    if not await hub.gate.cross_for_page(partial(_is_awaited, hub, secret)):
        return
    work = await _cross(
        hub,
        "payments.returned",
        lambda session, now: service.returned(
            session, secret=secret, authority=authority, status=status, now=now
        ),
    )
    if work is not None:
        await verify(hub, gateway, work)


async def verify(hub: Hub, gateway: Gateway, work: service.ToVerify) -> None:
    """Ask the gateway about an attempt that is held by a lease, and take in what it says."""
    with points.around("payments.gateway.verify"):
        outcome = await gateway.verify(amount=work.amount, authority=work.authority)
    await _cross(
        hub,
        "payments.settle",
        lambda session, now: service.settle(
            session, attempt_id=work.attempt_id, lease=work.lease, outcome=outcome, now=now
        ),
    )


def _begin(session: Session, now: datetime, *, token: str, gateway: str) -> service.Begun | None:
    return service.begin(session, token=token, gateway=gateway, now=now)


def _is_awaited(hub: Hub, secret: str) -> bool:
    # A scanner's guess is answered without the writer's lock.
    with hub.store.reading() as session:
        return service.is_awaited(session, secret)


async def _cross(hub: Hub, point: str, work: Work[Result]) -> Result:
    def inside() -> Result:
        with hub.store.writing(point) as session:
            holds.refuse(session)
            return work(session, hub.clock())

    return await hub.gate.cross_for_page(inside)
