"""A request to make a job, with the pictures that came inside it already in the store."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Body, Depends, Request

from api.deps import Credentials, PartsOf, admit
from api.parts import Parts
from api.schemas.job_examples import JOB_REQUEST_EXAMPLES
from api.store_picture import store_pictures
from shared.assets.add_asset import StoredAsset
from shared.assets.decode_base64 import decode_base64
from shared.ids import JobId, TenantId, new_asset_id, new_job_id
from shared.images.keys import input_key, job_prefix
from shared.jobs.request_fields import InlinePicture
from shared.jobs.requests import JobRequest, list_pictures
from shared.jobs.submit import InlinePictures
from shared.tenants.keys import Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and what came along."""

    request: JobRequest
    inline: InlinePictures | None


async def take_request(
    body: Annotated[JobRequest, Body(openapi_examples=JOB_REQUEST_EXAMPLES)],
    request: Request,
    parts: PartsOf,
    credentials: Credentials,
) -> Asked:
    """Store what came along before the transaction of the job begins.

    Raises:
        InvalidImage: A picture is not base64, or is damaged.
        UnsupportedImage: It is none of the formats.
        ImageTooLarge: It has too many pixels.
    """
    sent = {
        pointer: source.base64
        for pointer, source in list_pictures(body).items()
        if isinstance(source, InlinePicture)
    }
    if not sent:
        return Asked(body, None)
    caller = await admit(request, parts, credentials, Scope.JOBS_WRITE)
    return Asked(body, await _store(parts, caller.tenant_id, sent))


async def _store(parts: Parts, tenant_id: TenantId, sent: dict[str, str]) -> InlinePictures:
    job_id, stored = new_job_id(), {}
    for pointer, text in sent.items():
        stored[pointer] = await _read(parts, tenant_id, job_id, pointer, text)
    prefix = job_prefix(tenant_id, job_id)
    note = await store_pictures(parts, tenant_id, prefix, list(stored.values()))
    return InlinePictures(job_id=job_id, note=note, stored=stored)


async def _read(
    parts: Parts, tenant_id: TenantId, job_id: JobId, pointer: str, text: str
) -> StoredAsset:
    picture = await parts.read_picture(decode_base64(text, pointer))
    asset_id = new_asset_id()
    return StoredAsset(asset_id, input_key(tenant_id, job_id, asset_id), picture)


AskedOf = Annotated[Asked, Depends(take_request)]
