"""`/v1/keys`: a tenant's own keys."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.deps import KeepsKeys
from api.openapi import describe_problems
from api.schemas.keys import IssuedKeyView, KeyListView, KeyRequest, KeyView, RotateRequest
from api.show_key import show_issued_key, show_key
from api.strict_route import StrictRoute
from shared.ids import KeyId
from shared.tenants.create_key import create_key
from shared.tenants.end_key import revoke_key, rotate_key
from shared.tenants.find_keys import get_key, list_keys

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)
_BODY = ("malformed-json", "unsupported-media-type", "payload-too-large")


@router.get("", responses=describe_problems())
def list_my_keys(access: KeepsKeys) -> KeyListView:
    """List the tenant's keys, ended ones too."""
    rows = list_keys(access.session, access.caller.tenant_id)
    return KeyListView(data=[show_key(row) for row in rows], next_cursor=None)


@router.post("", status_code=201, responses=describe_problems("scope-not-held", *_BODY))
def issue_key(asked: KeyRequest, access: KeepsKeys, response: Response) -> IssuedKeyView:
    """Issue a key. Its secret is in this answer and never shown again."""
    access.caller.check_holds(asked.scopes)
    row, secret = create_key(
        access.session,
        access.caller.tenant_id,
        asked.name,
        asked.scopes,
        expires_at=asked.expires_at,
        requests_per_minute=asked.requests_per_minute,
    )
    response.headers["Cache-Control"] = "no-store"
    return show_issued_key(row, secret)


@router.get("/{key_id}", responses=describe_problems("not-found"))
def read_key(key_id: str, access: KeepsKeys) -> KeyView:
    """Show a key without its secret."""
    return show_key(get_key(access.session, access.caller.tenant_id, KeyId(key_id)))


@router.delete("/{key_id}", responses=describe_problems("not-found"))
def end_key(key_id: str, access: KeepsKeys) -> KeyView:
    """End a key for good. It stays listed, so that what used it can be traced."""
    return show_key(revoke_key(access.session, access.caller.tenant_id, KeyId(key_id)))


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    responses=describe_problems("not-found", "scope-not-held", *_BODY),
)
def replace_key(
    key_id: str,
    access: KeepsKeys,
    response: Response,
    asked: Annotated[RotateRequest, Body()] = RotateRequest(),
) -> IssuedKeyView:
    """Issue a successor with the same name and scopes; the old key works until the overlap ends."""
    tenant_id = access.caller.tenant_id
    access.caller.check_holds(get_key(access.session, tenant_id, KeyId(key_id)).scopes)
    row, secret = rotate_key(access.session, tenant_id, KeyId(key_id), asked.overlap_seconds)
    response.headers["Cache-Control"] = "no-store"
    return show_issued_key(row, secret)
