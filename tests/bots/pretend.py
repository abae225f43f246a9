"""A core on a table: each door of the typed client answers what the test says.

Calls that change something are answered once a key, as the real core does: a repeat gets the first
result, and another body under the same key is a failure of the test.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_json

from api.access.refusals import NotLinked
from api.access.schemas import GrantOut, Me, Trusted
from api.client import Core, knock
from api.client.access import ME, TRUSTED
from api.client.identity import CONFIRM, CONFIRMATION, PIN, UNLOCK
from api.client.knock import Door
from api.client.organisation import BRANCH, SERVICES
from api.client.preferences import CONSENT, LANGUAGE
from api.errors import Invalid, Refusal, Unavailable
from api.identity.refusals import WrongCode, WrongPin
from api.identity.schemas import ConfirmationOut, Unlocked
from api.kit.language import Language
from api.organisation.schemas import BranchOut, Services
from api.preferences.schemas import PreferencesOut
from tests.support import make

T = TypeVar("T")

GRANTS = [
    GrantOut(id=UUID(int=n), kind="workshop", label=f"*452{n} کارگاه نان سپیده", role="owner")
    for n in (1, 2)
]
CHILDREN = [
    GrantOut(id=UUID(int=10 + n), kind="child", label=name, role="parent")
    for n, name in enumerate(("س*** ا***", "آ*** ا***"))
]
OTHER = GrantOut(id=UUID(int=31), kind="person", label="م*** آ***", role="person")
"""A mother who was added to the chat."""
HERE = BranchOut(
    code="012",
    kind="branch",
    name="شعبهٔ ۱۲ تهران",
    province="تهران",
    city="تهران",
    address="خیابان سپید ۱۲",
    phone="021-12345678",
    hours="7:30-14:30",
    latitude=35.7,
    longitude=51.4,
)


@dataclass
class PretendKnocker:
    """Stands where the typed client's knocker stands."""

    answers: dict[Door[Any], Any] = field(default_factory=dict)
    linked: bool = True
    grants: list[GrantOut] = field(default_factory=lambda: GRANTS[:1])
    away: bool = False
    is_away: bool = True
    unlucky: Callable[[], bool] = lambda: False
    calls: list[tuple[str, dict[str, Any], knock.Knock]] = field(default_factory=list)
    wait_until: dict[tuple[str, str], Any] = field(default_factory=dict)
    proofs: int = 0
    """How often a code of ours came back, and it was right."""
    failures: int = 0
    """How often a call was not answered."""
    _kept: dict[str, tuple[str, Any]] = field(default_factory=dict)

    async def is_ready(self) -> bool:
        self.is_away = self.away
        return not self.away

    async def __call__(self, door: Door[T], /, **arguments: Any) -> T:
        self.is_away = self.away
        knocking = knock.current.get()
        assert knocking is not None, "every call says for which chat it is"
        assert knocking.key or door.method == "GET"
        self.calls.append((f"{door.method} {door.path}", arguments, knocking))
        if self.away or self.unlucky():
            self.failures += 1
            raise Unavailable("connection: pretended", retry_after=2.0)
        answer: T = self._answer(door, arguments, knocking)
        return answer

    def _answer(self, door: Door[Any], arguments: dict[str, Any], knocking: knock.Knock) -> Any:
        body = f"{door.path} {json.dumps(json.loads(to_json(arguments)), sort_keys=True)}"
        if door.method != "GET":
            key = f"{knocking.chat} {knocking.key}"
            known, result = self._kept.get(key, (body, None))
            assert known == body, "another body under the same key"
            if key in self._kept:
                return _given(result)
        try:
            result = self._result(door, arguments)
        except Refusal as error:
            result = error
        if door.method != "GET":
            self._kept[key] = (body, result)
        return _given(result)

    def _result(self, door: Door[Any], arguments: dict[str, Any]) -> Any:  # noqa: C901, PLR0911
        if door in self.answers:
            answer = self.answers[door]
            return answer(**arguments) if callable(answer) else answer
        match door.path:
            case ME.path:
                return Me(
                    linked=self.linked,
                    name="م*** ا***" if self.linked else None,
                    language="fa",
                    grants=self.grants if self.linked else [],
                )
            case TRUSTED.path:
                return Trusted(items=[])
            case SERVICES.path:
                return Services(day=make.TODAY, items=[])
            case BRANCH.path:
                return HERE
            case CONFIRMATION.path:
                return ConfirmationOut(
                    id=UUID(int=77), to="0999•••0501", expires_at=make.NOW, digits=6
                )
            case CONFIRM.path:
                _judge(arguments["code"])
                self.proofs += 1
                return None
            case PIN.path:
                return None
            case UNLOCK.path:
                return Unlocked() if arguments["pin"] == "4831" else _raised(WrongPin(left=4))
            case LANGUAGE.path | CONSENT.path:
                if not self.linked:
                    raise NotLinked
                return PreferencesOut.model_construct(language=Language.FA, consent=True)
        raise AssertionError(f"nobody said what {door.path} answers")

    def wait(self, seconds: float) -> None:
        """Time passes; nothing here keeps it."""

    async def close(self) -> None:
        pass

    def changes(self, path: str) -> int:
        """How often something was really changed at a door, repeats under one key counted once."""
        return sum(body.startswith(f"{path} ") for body, _result in self._kept.values())


def core_on(knocker: PretendKnocker) -> Core:
    """The real typed client over a pretended wire."""
    core = Core("http://127.0.0.1:9", "k" * 32)
    for name, feature in list(vars(core).items()):
        if hasattr(feature, "knock"):
            setattr(core, name, type(feature)(knocker))
    core._knocker = knocker  # type: ignore[assignment]
    return core


def _judge(code: str) -> None:
    said = code.replace(" ", "")
    if not said.isdigit():
        raise Invalid(field="code", reason="form")
    if said != "123456":
        raise WrongCode(left=4)


def _raised(no: Refusal) -> Any:
    raise no


def _given(result: Any) -> Any:
    if isinstance(result, Exception):
        raise result
    return result
