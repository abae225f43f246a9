"""Proving who somebody is, step by step."""

from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.identity.schemas import (
    ClaimOut,
    CodeSent,
    ConfirmationOut,
    PersonAddedOut,
    Unlocked,
    Welcome,
    WorkplacesOut,
)

CLAIM = Door[ClaimOut]("POST", "/v1/identity/claims", ClaimOut)
WORKPLACES = Door[WorkplacesOut]("POST", "/v1/identity/claims/{claim}/workplaces", WorkplacesOut)
FACT = Door[CodeSent]("POST", "/v1/identity/claims/{claim}/fact", CodeSent)
CODE = Door[Welcome]("POST", "/v1/identity/claims/{claim}/code", Welcome)
RESEND = Door[CodeSent]("POST", "/v1/identity/claims/{claim}/resend", CodeSent)
PERSON = Door[ClaimOut]("POST", "/v1/identity/persons", ClaimOut)
PERSON_CODE = Door[PersonAddedOut]("POST", "/v1/identity/persons/{claim}/code", PersonAddedOut)
CONFIRMATION = Door[ConfirmationOut]("POST", "/v1/identity/confirmations", ConfirmationOut)
CONFIRM = Door[None]("POST", "/v1/identity/confirmations/{confirmation}/code")
PIN = Door[None]("POST", "/v1/identity/pin")
UNLOCK = Door[Unlocked]("POST", "/v1/identity/pin/unlock", Unlocked)


@dataclass(frozen=True)
class Identity:
    """Claim, answer the fact, give the code."""

    knock: Knocker

    async def claim(self, *, national_code: str, phone: str) -> ClaimOut:
        """Say who somebody is."""
        return await self.knock(CLAIM, national_code=national_code, phone=phone)

    async def workplaces(self, *, claim: UUID) -> WorkplacesOut:
        """Have four workplaces shown, of which one may be the last."""
        return await self.knock(WORKPLACES, claim=claim)

    async def fact(
        self, *, claim: UUID, month: str | None = None, workplace: int | None = None
    ) -> CodeSent:
        """Answer with the month a claim asks for, or with the place of the last workplace.

        A right answer sends the code.
        """
        return await self.knock(FACT, claim=claim, month=month, workplace=workplace)

    async def code(self, *, claim: UUID, code: str) -> Welcome:
        """Give the code that came by SMS; a right one links the chat."""
        return await self.knock(CODE, claim=claim, code=code)

    async def resend(self, *, claim: UUID) -> CodeSent:
        """Ask for a new code; the older one is void."""
        return await self.knock(RESEND, claim=claim)

    async def add_person(self, *, national_code: str) -> ClaimOut:
        """Say for whom else this chat shall act."""
        return await self.knock(PERSON, national_code=national_code)

    async def person_code(self, *, claim: UUID, code: str) -> PersonAddedOut:
        """Give the code that the other person was sent; a right one lets this chat act for them."""
        return await self.knock(PERSON_CODE, claim=claim, code=code)

    async def ask_to_confirm(self) -> ConfirmationOut:
        """Have a code sent to the registered number, to confirm what is asked for by SMS."""
        return await self.knock(CONFIRMATION)

    async def confirm(self, *, confirmation: UUID, code: str) -> None:
        """Give that code."""
        await self.knock(CONFIRM, confirmation=confirmation, code=code)

    async def choose_pin(self, *, pin: str) -> None:
        """Choose the PIN of SMS."""
        await self.knock(PIN, pin=pin)

    async def unlock(self, *, pin: str) -> Unlocked:
        """Show the PIN of SMS; what is no refusal is right."""
        return await self.knock(UNLOCK, pin=pin)
