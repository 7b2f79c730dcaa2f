"""`/v1/assets`: input pictures, uploaded once and named by any number of jobs."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.answer_deleted import DeletedResponse
from api.deps import MayWriteJobs, PartsOf, ReadsJobs, WritesJobs
from api.image_links import make_asset_link
from api.openapi import describe_problems
from api.parts import Parts
from api.read_upload import FIELD, read_upload
from api.schemas.assets import AssetListView, AssetView
from api.store_picture import store_pictures
from api.strict_route import StrictRoute
from shared.assets.add_asset import StoredAsset, add_asset
from shared.assets.queries import get_asset, list_assets
from shared.assets.table import Asset
from shared.clock import utc_now
from shared.db import set_tenant
from shared.ids import AssetId, new_asset_id
from shared.images.keys import asset_key, folder_of
from shared.jobs.delete_asset import delete_asset
from shared.jobs.remove_objects import keep_objects

PATH = "/v1/assets"
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {
                        FIELD: {
                            "type": "string",
                            "format": "binary",
                            "description": "A PNG, JPEG or WebP picture, not animated.",
                        }
                    },
                }
            }
        },
    }
}

router = APIRouter(prefix=PATH, tags=["assets"], route_class=StrictRoute)


@router.post(
    "",
    status_code=201,
    response_model=AssetView,
    openapi_extra=_FORM,
    responses=describe_problems(
        "bad-request",
        "unsupported-media-type",
        "payload-too-large",
        "invalid-image",
        "unsupported-image",
        "image-too-large",
    ),
)
async def add_one_asset(request: Request, caller: MayWriteJobs, parts: PartsOf) -> Response:
    """Upload a picture. It is decoded and written anew: nothing but its pixels is kept."""
    tenant_id = caller.tenant_id
    picture = await parts.read_picture(await read_upload(request))
    asset_id = new_asset_id()
    stored = StoredAsset(asset_id, asset_key(tenant_id, asset_id), picture)
    note = await store_pictures(parts, tenant_id, folder_of(stored.key), [stored])

    def keep(session: Session) -> AssetView:
        set_tenant(session, tenant_id)
        keep_objects(session, note)
        return _view(parts, add_asset(session, tenant_id, stored))

    view = await parts.in_transaction(keep)
    return Response(
        view.model_dump_json(),
        status_code=HTTPStatus.CREATED,
        headers={"Location": f"{PATH}/{asset_id}", "Cache-Control": "no-store"},
        media_type="application/json",
    )


@router.get("", responses=describe_problems("invalid-cursor"))
def list_my_assets(
    access: ReadsJobs,
    parts: PartsOf,
    cursor: Annotated[str | None, Query(max_length=256, description="Of an earlier page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AssetListView:
    """List uploads, newest first."""
    page = list_assets(access.session, access.caller.tenant_id, cursor, limit)
    data = [_view(parts, asset) for asset in page.assets]
    return AssetListView(data=data, next_cursor=page.next_cursor)


@router.get("/{asset_id}", responses=describe_problems("not-found"))
def read_one_asset(asset_id: str, access: ReadsJobs, parts: PartsOf) -> AssetView:
    """Show an asset, with a link that reads it."""
    return _view(parts, get_asset(access.session, access.caller.tenant_id, AssetId(asset_id)))


@router.delete(
    "/{asset_id}", status_code=204, responses=describe_problems("not-found", "asset-in-use")
)
def delete_one_asset(asset_id: str, access: WritesJobs, parts: PartsOf) -> Response:
    """Remove an asset for good; while a queued or running job needs it, this is refused."""
    prefix = delete_asset(
        access.session,
        access.caller.tenant_id,
        AssetId(asset_id),
        parts.settings.orphan_grace_s,
    )
    return DeletedResponse(parts, prefix)


def _view(parts: Parts, asset: Asset) -> AssetView:
    link = make_asset_link(parts, asset, utc_now())
    return AssetView(
        id=asset.id,
        width=asset.width_px,
        height=asset.height_px,
        has_alpha=asset.has_alpha,
        bytes=asset.size_bytes,
        sha256=asset.sha256,
        job=asset.job_id,
        url=link.url,
        url_expires_at=link.expires_at,
        created_at=asset.created_at,
    )
