"""A request to make a job, with the pictures that came inside it already in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, assert_never

from fastapi import Body, Depends, Request

from api.deps import Credentials, PartsOf, admit
from api.parts import Parts
from api.schemas.job_examples import JOB_REQUEST_EXAMPLES
from api.store_picture import store_pictures
from shared.assets.add_asset import StoredAsset
from shared.assets.decode_base64 import decode_base64
from shared.assets.read_picture import PictureFile
from shared.ids import TenantId, new_asset_id, new_job_id
from shared.images.keys import input_key, job_prefix
from shared.jobs.request_fields import InlinePicture, UrlPicture
from shared.jobs.requests import JobRequest, list_pictures
from shared.jobs.submit import InlinePictures
from shared.tenants.keys import Scope

Sent = InlinePicture | UrlPicture


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
        PictureUnreachable: A picture's URL cannot be fetched.
        InvalidImage: A picture is not base64, or is damaged.
        UnsupportedImage: It is none of the formats.
        ImageTooLarge: It has too many pixels.
    """
    sent = {
        pointer: source
        for pointer, source in list_pictures(body).items()
        if isinstance(source, Sent)
    }
    if not sent:
        return Asked(body, None)
    caller = await admit(request, parts, credentials, Scope.JOBS_WRITE)
    return Asked(body, await _store(parts, caller.tenant_id, sent))


async def _store(parts: Parts, tenant_id: TenantId, sent: Mapping[str, Sent]) -> InlinePictures:
    job_id, stored = new_job_id(), {}
    for pointer, source in sent.items():
        picture = await parts.read_picture(await _take(parts, source, pointer))
        asset_id = new_asset_id()
        key = input_key(tenant_id, job_id, asset_id)
        stored[pointer] = StoredAsset(asset_id, key, picture)
    prefix = job_prefix(tenant_id, job_id)
    note = await store_pictures(parts, tenant_id, prefix, list(stored.values()))
    return InlinePictures(job_id=job_id, note=note, stored=stored)


async def _take(parts: Parts, source: Sent, pointer: str) -> PictureFile:
    """Return the file that was sent or that its URL leads to.

    Raises:
        InvalidImage: It is not base64.
        PictureUnreachable: Its URL cannot be fetched.
    """
    match source:
        case InlinePicture():
            return decode_base64(source.base64, pointer)
        case UrlPicture():
            return PictureFile(data=await parts.fetch(source.url, pointer), pointer=pointer)
        case _:
            assert_never(source)


AskedOf = Annotated[Asked, Depends(take_request)]
