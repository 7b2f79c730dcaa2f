"""What a handler may ask for: the parts, and an open transaction with the caller behind it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from api.parts import Parts
from api.rate_limits import RateLimit
from api.waiting import Subscriber
from shared.db import transaction
from shared.tenants.authenticate import Caller, authenticate
from shared.tenants.keys import Scope

_bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Bearer atl_live_…`")


@dataclass(frozen=True, slots=True)
class Access:
    """An open transaction that sees one tenant's rows, and who opened it."""

    session: Session
    caller: Caller


def parts_of(request: Request) -> Parts:
    """Return what the app was assembled from."""
    return cast("Parts", request.app.state.parts)


def subscriber_of(request: Request) -> Subscriber:
    """Return this process's one subscriber."""
    return cast("Subscriber", request.app.state.subscriber)


PartsOf = Annotated[Parts, Depends(parts_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
SubscriberOf = Annotated[Subscriber, Depends(subscriber_of)]


async def open_transaction(parts: PartsOf) -> AsyncIterator[Session]:
    """Commit before the response leaves; see `Transaction`."""
    async with (
        parts.database_slots,
        contextmanager_in_threadpool(transaction(parts.sessions)) as session,
    ):
        yield session


# scope="function": FastAPI's default runs exit code after the response, so that a failed commit
# would follow a 202.
Transaction = Annotated[Session, Depends(open_transaction, scope="function")]


def allowing(scope: Scope) -> Callable[..., Any]:
    """Return a dependency that lets in the keys that have `scope`."""

    async def enter(
        request: Request, parts: PartsOf, session: Transaction, credentials: Credentials
    ) -> Access:
        presented = credentials.credentials if credentials else None
        caller = await run_in_threadpool(authenticate, session, presented)
        await _check_rate(request, parts, caller)
        caller.check_scope(scope)
        return Access(session, caller)

    return enter


async def admit(
    request: Request, parts: Parts, credentials: HTTPAuthorizationCredentials | None, scope: Scope
) -> Caller:
    """Let a key in with no transaction left open, for work that must not hold one.

    Raises:
        Unauthorized: The key is none of ours.
        Forbidden: It lacks the scope.
    """
    presented = credentials.credentials if credentials else None
    caller = await parts.in_transaction(lambda session: authenticate(session, presented))
    await _check_rate(request, parts, caller)
    caller.check_scope(scope)
    return caller


async def _admit_writer(request: Request, parts: PartsOf, credentials: Credentials) -> Caller:
    return await admit(request, parts, credentials, Scope.JOBS_WRITE)


async def _check_rate(request: Request, parts: Parts, caller: Caller) -> None:
    if hasattr(request.state, "answer_headers"):
        return  # it came in by `admit` and is counted
    limits = []
    if caller.tenant_rpm is not None:
        limits.append(RateLimit("tenant", caller.tenant_id, caller.tenant_rpm))
    if caller.key_rpm is not None:
        limits.append(RateLimit("key", caller.key_id, caller.key_rpm))
    request.state.answer_headers = await parts.rate_limiter.check(limits)


async def open_admin_transaction(parts: PartsOf) -> AsyncIterator[Session]:
    """As `open_transaction`, as the role that keeps tenants and keys."""
    async with (
        parts.database_slots,
        contextmanager_in_threadpool(transaction(parts.admin_sessions)) as session,
    ):
        yield session


async def enter_as_admin(
    session: Annotated[Session, Depends(open_admin_transaction, scope="function")],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Access:
    """Let in the keys of admins; the transaction sees every tenant."""
    presented = credentials.credentials if credentials else None
    caller = await run_in_threadpool(authenticate, session, presented)
    caller.check_scope(Scope.ADMIN)
    return Access(session, caller)


Admin = Annotated[Access, Depends(enter_as_admin, scope="function")]
ReadsUsage = Annotated[Access, Depends(allowing(Scope.USAGE_READ), scope="function")]
KeepsKeys = Annotated[Access, Depends(allowing(Scope.KEYS), scope="function")]
ReadsJobs = Annotated[Access, Depends(allowing(Scope.JOBS_READ), scope="function")]
WritesJobs = Annotated[Access, Depends(allowing(Scope.JOBS_WRITE), scope="function")]
MayWriteJobs = Annotated[Caller, Depends(_admit_writer)]
