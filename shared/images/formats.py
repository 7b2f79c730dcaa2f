"""The picture formats a job may ask for, and the kinds of picture it may end with."""

from typing import Literal

StillFormat = Literal["png", "jpeg", "webp"]
AnimationFormat = Literal["webp", "gif"]
ImageFormat = Literal["png", "jpeg", "webp", "gif"]
ImageKind = Literal["image", "contact-sheet", "animation"]

EXTENSIONS: dict[ImageFormat, str] = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif"}
CONTENT_TYPES: dict[ImageFormat, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}
