"""The pictures that a request names: that they are there, are the tenant's, and how large."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.assets.add_asset import StoredAsset
from shared.assets.queries import find_needed_asset
from shared.errors import InputNotFound
from shared.ids import TenantId, is_well_formed
from shared.images.table import Image
from shared.jobs.request_fields import (
    AssetPicture,
    InlinePicture,
    JobPicture,
    PictureSource,
    UrlPicture,
)

_NO_ASSET = "no such asset. Check the id, and that this key's tenant owns it"
_NO_IMAGE = (
    "no such picture. Check job and index, that this key's tenant owns it, and that it is done"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPicture:
    """A picture that a job may begin with; `stored` is how its row names it."""

    stored: AssetPicture | JobPicture
    width_px: int
    height_px: int
    has_alpha: bool


def find_inputs(
    session: Session,
    tenant_id: TenantId,
    named: Mapping[str, PictureSource],
    inline: Mapping[str, StoredAsset],
) -> dict[str, InputPicture]:
    """Return what `named` names, by JSON pointer; `inline` holds those that came along.

    Raises:
        InputNotFound: One is not there, or is another tenant's, which looks the same.
    """
    found = {}
    for pointer, source in named.items():
        match source:
            case AssetPicture():
                found[pointer] = _find_asset(session, tenant_id, source, pointer)
            case JobPicture():
                image = get_source_image(session, tenant_id, source, pointer)
                found[pointer] = InputPicture(
                    stored=source,
                    width_px=image.width_px,
                    height_px=image.height_px,
                    has_alpha=False,
                )
            case InlinePicture() | UrlPicture():
                found[pointer] = _came_along(inline[pointer])
    return found


def get_source_image(
    session: Session, tenant_id: TenantId, source: JobPicture, pointer: str
) -> Image:
    """Return the picture that one of the tenant's jobs made.

    Raises:
        InputNotFound: There is no such picture; a contact sheet or an animation is none.
    """
    image = None
    if is_well_formed(source.job, "job"):
        image = session.scalar(
            select(Image).where(
                Image.tenant_id == tenant_id,
                Image.job_id == source.job,
                Image.index == source.index,
                Image.kind == "image",
            )
        )
    if image is None:
        raise InputNotFound(pointer, _NO_IMAGE)
    return image


def _find_asset(
    session: Session, tenant_id: TenantId, source: AssetPicture, pointer: str
) -> InputPicture:
    asset = find_needed_asset(session, tenant_id, source.asset)
    if asset is None:
        raise InputNotFound(pointer, _NO_ASSET)
    return InputPicture(
        stored=source,
        width_px=asset.width_px,
        height_px=asset.height_px,
        has_alpha=asset.has_alpha,
    )


def _came_along(asset: StoredAsset) -> InputPicture:
    picture = asset.picture
    return InputPicture(
        stored=AssetPicture(asset=asset.id),
        width_px=picture.width_px,
        height_px=picture.height_px,
        has_alpha=picture.has_alpha,
    )
