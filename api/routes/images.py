"""Pictures: by job and index with a key, by signed link without one."""

from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from api.answer_image import ImageResponse
from api.deps import Access, PartsOf, ReadsJobs, Transaction
from api.image_links import make_link
from api.openapi import Responses, describe_problems
from api.schemas.receipts import ReceiptView
from api.strict_route import StrictRoute
from shared.clock import utc_now
from shared.errors import NotFound
from shared.ids import ImageId, JobId
from shared.images.formats import CONTENT_TYPES, ImageFormat
from shared.images.links import check_link
from shared.images.table import Image
from shared.jobs.lookups import get_linked_image
from shared.jobs.queries import get_image

_MAX_INDEX = 10_000
_PICTURE: Responses = {
    200: {"description": "The picture.", "content": {kind: {} for kind in CONTENT_TYPES.values()}}
}
_REDIRECT: Responses = {302: {"description": "`Location` reads the picture with no key."}}

router = APIRouter(tags=["images"], route_class=StrictRoute)


@router.get(
    "/v1/jobs/{job_id}/images/{index}",
    status_code=302,
    response_class=Response,
    responses=_PICTURE | _REDIRECT | describe_problems("not-found"),
)
def read_image(
    job_id: str,
    index: str,
    access: ReadsJobs,
    parts: PartsOf,
    if_none_match: Annotated[str | None, Header()] = None,
    proxy: Annotated[bool, Query(description="Send the picture itself.")] = False,  # noqa: FBT002 - a query flag
) -> Response:
    """Redirect to picture `index` of a job, or send it."""
    image = _find_image(access, job_id, index)
    if proxy:
        content_type = CONTENT_TYPES[cast("ImageFormat", image.format)]
        return ImageResponse(parts, image.key, content_type, image.sha256, if_none_match)
    headers = {
        "Location": make_link(parts, image, utc_now()).url,
        "Cache-Control": "private, no-store",
    }
    return Response(status_code=HTTPStatus.FOUND, headers=headers)


@router.get("/v1/jobs/{job_id}/images/{index}/receipt", responses=describe_problems("not-found"))
def read_receipt(job_id: str, index: str, access: ReadsJobs) -> ReceiptView:
    """Show what picture `index` of a job was made with.

    Raises:
        NotFound: There is no such picture, or it is older than receipts.
    """
    receipt = _find_image(access, job_id, index).receipt
    if receipt is None:
        raise NotFound("receipt")
    return ReceiptView.model_validate(receipt)


@router.get(
    "/v1/images/{image_id}",
    response_class=Response,
    responses=_PICTURE
    | describe_problems("not-found", "link-invalid", "link-expired", has_key=False),
)
def read_linked_image(
    image_id: str,
    session: Transaction,
    parts: PartsOf,
    expires: Annotated[str, Query(max_length=20)] = "",
    signature: Annotated[str, Query(max_length=128)] = "",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the picture that a signed link names; it takes no key."""
    expires_at_s = int(expires) if expires.isascii() and expires.isdecimal() else 0
    secret_key = parts.settings.secret_key.get_secret_value()
    linked_id = ImageId(image_id)
    check_link(secret_key, linked_id, expires_at_s, signature, utc_now().timestamp())
    image = get_linked_image(session, linked_id)
    content_type = CONTENT_TYPES[cast("ImageFormat", image.format)]
    return ImageResponse(parts, image.key, content_type, image.sha256, if_none_match)


def _find_image(access: Access, job_id: str, index: str) -> Image:
    """Return a picture of the caller.

    Raises:
        NotFound: There is none.
    """
    if not (index.isascii() and index.isdecimal() and int(index[:6]) < _MAX_INDEX):
        raise NotFound("image")
    return get_image(access.session, access.caller.tenant_id, JobId(job_id), int(index))
