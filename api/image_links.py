"""Links by which a picture is read without a key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from api.parts import Parts
from shared.assets.table import Asset
from shared.ids import AssetId, ImageId
from shared.images.formats import CONTENT_TYPES, ImageFormat
from shared.images.links import sign_link
from shared.images.table import Image


@dataclass(frozen=True, slots=True)
class ImageLink:
    """An address and when it stops working."""

    url: str
    expires_at: datetime


def make_link(parts: Parts, image: Image, now: datetime) -> ImageLink:
    """Return a link to the store where it makes them and the settings ask for it, else to us."""
    content_type = CONTENT_TYPES[cast("ImageFormat", image.format)]
    return _make(parts, ImageId(image.id), image.key, content_type, now)


def make_asset_link(parts: Parts, asset: Asset, now: datetime) -> ImageLink:
    """Return a link of the same kind to an input picture."""
    return _make(parts, AssetId(asset.id), asset.key, CONTENT_TYPES["png"], now)


def _make(
    parts: Parts, picture_id: ImageId | AssetId, key: str, content_type: str, now: datetime
) -> ImageLink:
    settings = parts.settings
    lifetime_s = settings.image_link_lifetime_s
    expires_at_s = int(now.timestamp()) + lifetime_s
    expires_at = datetime.fromtimestamp(expires_at_s, UTC)
    if settings.image_links != "api":
        url = parts.store.find_link(key, lifetime_s, content_type)
        if url is not None:
            return ImageLink(url, expires_at)
    signature = sign_link(settings.secret_key.get_secret_value(), picture_id, expires_at_s)
    base = settings.public_url.rstrip("/")
    query = f"expires={expires_at_s}&signature={signature}"
    return ImageLink(f"{base}/v1/images/{picture_id}?{query}", expires_at)
