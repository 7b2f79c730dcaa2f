"""The picture formats a job may ask for."""

from typing import Literal

ImageFormat = Literal["png", "jpeg", "webp"]

EXTENSIONS: dict[ImageFormat, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
CONTENT_TYPES: dict[ImageFormat, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
