"""SMS over SMPP 3.4: one bind to a centre, kept for as long as the process lives.

A centre cannot be asked by our reference what it took, so what the line broke off is unknown, and
nothing is repeated blindly. A text leaves in parts that fit, one after the other: when the first is
refused none has left, and the others wait out a throttle or a broken line behind it.
"""

import asyncio
import re
from contextlib import suppress

import structlog

from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from notifier.channels.mouths import Address, Capabilities
from notifier.channels.smpp import link, pdus, texts
from notifier.channels.smpp.centres import Centre, Source
from notifier.channels.smpp.link import BindRefused, Ear, Gone, Link, NotReached
from notifier.channels.smpp.pdus import Command, Pdu, Status

log = structlog.get_logger("notifier.smpp")

LENGTH = 900
"""As Kavenegar's: a message fits whichever of the two is set."""

# Nothing of it lies in the message: our line, our account, or how the two were agreed on.
_ACCOUNT = frozenset(
    {
        Status.INVALID_SOURCE,
        Status.INVALID_SERVICE_TYPE,
        Status.INVALID_SOURCE_TON,
        Status.INVALID_SOURCE_NPI,
        Status.INVALID_SYSTEM_TYPE,
    }
)
_NOT_LET_IN = frozenset(
    {Status.INVALID_PASSWORD, Status.INVALID_SYSTEM_ID, Status.INVALID_SYSTEM_TYPE}
)
_PASSING = frozenset(
    {
        Status.WRONG_BIND_STATE,
        Status.SYSTEM_ERROR,
        Status.SUBMIT_FAILED,
        Status.DELIVERY_FAILED,
        Status.UNKNOWN_ERROR,
    }
)
_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_TOO_QUICK = frozenset({Status.THROTTLED, Status.QUEUE_FULL})
_VENDORS = range(0x400, 0x500)

_LINK_SECONDS = 0.5
"""How long a message waits for the bind: it must not get old (guarantees.md, G5)."""
_WHOLE_SECONDS = 20.0
_THROTTLED_SECONDS, _LONGEST_THROTTLE = 1.0, 30.0
_FIRST_DELAY, _LONGEST_DELAY = 0.25, 30.0


class SmppChannel:
    """The mouth of one line; what the centre brings goes to its ear, if it has one.

    `window` is how many messages wait for the centre's answer at once.
    """

    can = Capabilities(length=LENGTH)

    def __init__(
        self,
        centre: Centre,
        source: Source,
        *,
        ear: Ear | None = None,
        window: int = 20,
        enquire_seconds: float = 30.0,
        answer_seconds: float = 10.0,
    ) -> None:
        self._centre = centre
        self._source = source
        self._ear = ear
        self._window = asyncio.Semaphore(window)
        self._enquire_seconds = enquire_seconds
        self._answer_seconds = answer_seconds
        self._throttle = _THROTTLED_SECONDS
        self._throttled_until = 0.0
        self._link: Link | None = None
        self._up = asyncio.Event()
        self._refused = False
        self._keeper: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Bind, and bind again whenever the line breaks, until `close`; the first `send` does it too."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_bound())

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        """Hand over one SMS; its text alone goes. The Unknown is what was cut off after it left."""
        if not message.text:
            return Rejected("empty")
        if len(message.text) > LENGTH:
            return Rejected("too_long")
        if not _NUMBER.fullmatch(to.phone):
            # The library would build no PDU of it.
            return Rejected("no_such_number", address_dead=True)
        self.begin()
        cut = texts.cut(message.text, reference)
        names: list[str] = []
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                for part in cut.parts:
                    outcome = await self._hand_over(to.phone, part, cut, follows=bool(names))
                    if not isinstance(outcome, Accepted):
                        # Half of it is there, and only the whole can be read.
                        is_cut = isinstance(outcome, Unknown) and outcome.alone
                        return Unknown("in_part", alone=is_cut) if names else outcome
                    names.append(outcome.provider_id)
        except TimeoutError:
            return Unknown("timeout")
        return Accepted(names[0], parts=tuple(names) if cut.has_header else ())

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        """A centre is asked by its own name for a message, and what is unknown has none: None."""
        return None

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None

    async def _hand_over(
        self, phone: str, part: bytes, cut: texts.Cut, *, follows: bool
    ) -> Accepted | Rejected | Unknown:
        """Submit a part; one that follows another is tried again until it is surely refused."""
        while True:
            outcome = await self._submit(phone, part, cut)
            if not (follows and isinstance(outcome, Rejected)):
                return outcome
            if not (outcome.again or outcome.kept_back):
                return outcome
            await asyncio.sleep(outcome.wait_seconds or _FIRST_DELAY)

    async def _submit(
        self, phone: str, part: bytes, cut: texts.Cut
    ) -> Accepted | Rejected | Unknown:
        if self._is_throttled:
            return self._too_many()
        try:
            async with asyncio.timeout(_LINK_SECONDS):
                await self._up.wait()
                await self._window.acquire()
        except TimeoutError:
            return self._why_not()
        try:
            return self._read(await self._ask(phone, part, cut))
        except NotReached:
            return self._why_not()
        except Gone:
            # All that were on a line go down with it: one event. Whether a new one comes, the next say.
            return Unknown("broken_off", alone=True)
        except TimeoutError:
            return Unknown("timeout")
        finally:
            self._window.release()

    async def _ask(self, phone: str, part: bytes, cut: texts.Cut) -> Pdu:
        """Submit a part and give the answer. Raises NotReached where it did not leave, Gone, TimeoutError."""
        # A throttle may have been told while it waited for its place in the window.
        if self._link is None or self._is_throttled:
            raise NotReached
        with points.around("channels.smpp.send"):
            return await self._link.ask(
                lambda sequence: pdus.submit(
                    sequence,
                    source=self._source,
                    to=phone.removeprefix("+"),
                    octets=part,
                    is_ucs2=cut.is_ucs2,
                    has_header=cut.has_header,
                ),
                self._answer_seconds,
            )

    def _why_not(self) -> Rejected:
        """Say why nothing was handed over."""
        if self._is_throttled:
            return self._too_many()
        if self._up.is_set():
            return Rejected("held_up", kept_back=True)
        if self._refused:
            return Rejected("bind_refused", account=True)
        return Rejected("not_reached", again=True)

    def _read(self, answer: Pdu) -> Accepted | Rejected:
        if answer.status == Status.OK and answer.command == Command.SUBMIT_SM_RESP:
            self._throttle = _THROTTLED_SECONDS
            return Accepted(pdus.message_id(answer.body))
        if answer.status in _TOO_QUICK:
            return self._too_many()
        if answer.status == Status.INVALID_DESTINATION:
            return Rejected("no_such_number", address_dead=True)
        return Rejected(
            f"smpp_{answer.status:03x}",
            again=answer.status in _PASSING or answer.status in _VENDORS,
            account=answer.status in _ACCOUNT,
        )

    @property
    def _is_throttled(self) -> bool:
        return self._throttled_until > asyncio.get_running_loop().time()

    def _too_many(self) -> Rejected:
        """Wait as long as all others; after a wait that did not help, twice as long.

        A centre names no time to wait.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._throttled_until:
            self._throttled_until = now + self._throttle
            self._throttle = min(2 * self._throttle, _LONGEST_THROTTLE)
        return Rejected("too_many", again=True, wait_seconds=self._throttled_until - now)

    async def _keep_bound(self) -> None:
        delay = 0.0
        while True:
            was_of_use, status = False, Status.OK.value
            try:
                was_of_use = await self._stay_bound()
            except BindRefused as error:
                status = error.status
            except NotReached:
                log.warning("smpp.not_reached")
            except Exception:
                # Whatever it is, a process without its bind is of no use.
                log.exception("smpp.fault")
            self._refused = status in _NOT_LET_IN
            if status != Status.OK:
                log.error("smpp.bind_refused", status=status)
            if was_of_use:
                delay = 0.0
            await asyncio.sleep(delay)
            delay = min(max(2 * delay, _FIRST_DELAY), _LONGEST_DELAY)

    async def _stay_bound(self) -> bool:
        """Hold one bind until it breaks, and tell whether anything was answered over it.

        Leaves when cancelled. Raises NotReached or BindRefused.
        """
        held = await link.bound(self._centre, self._ear, seconds=self._answer_seconds)
        self._link, self._refused = held, False
        self._up.set()
        log.info("smpp.bound")
        running = asyncio.create_task(held.run(self._enquire_seconds, self._answer_seconds))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            await held.leave()
            raise
        finally:
            self._up.clear()
            self._link = None
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        log.warning("smpp.line_lost")
        return held.answers > 0
