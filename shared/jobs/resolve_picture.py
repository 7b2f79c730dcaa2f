"""What runs for requests that begin with a picture: how large, and how much of the schedule."""

from collections.abc import Mapping
from typing import Any

from shared.errors import FieldError, ValidationFailed
from shared.jobs.find_inputs import InputPicture
from shared.jobs.fit_size import fit_size, follow_shape, round_size
from shared.jobs.requests import (
    ImageToImageRequest,
    InpaintRequest,
    OutpaintRequest,
    UpscaleRequest,
)
from shared.models.catalog import ModelEntry

_DEFAULT_SCALE = 2.0


def resolve_picture(
    request: ImageToImageRequest | InpaintRequest,
    model: ModelEntry,
    pictures: Mapping[str, InputPicture],
) -> dict[str, Any]:
    """Return the size, the strength, and the picture with its mask.

    Raises:
        ValidationFailed: There is no mask, or it does not fit the picture.
    """
    image, mask = pictures["/image"], pictures.get("/mask")
    strengths = model.defaults.strength
    default = strengths.image_to_image
    if isinstance(request, InpaintRequest):
        _check_mask(image, mask)
        default = strengths.inpaint
    size = (image.width_px, image.height_px)
    width, height = follow_shape((request.width, request.height), size, model.limits)
    return {
        "width": width,
        "height": height,
        "image": image.stored,
        "mask": mask.stored if mask else None,
        "strength": request.strength or default,
    }


def resolve_outpaint(
    request: OutpaintRequest, model: ModelEntry, pictures: Mapping[str, InputPicture]
) -> dict[str, Any]:
    """Return the size of the whole, in which the picture keeps what the margins leave.

    Raises:
        ValidationFailed: There are no margins, or nothing is left between them.
    """
    image, margins = pictures["/image"], request.margins
    across, down = margins.left + margins.right, margins.top + margins.bottom
    if not across + down:
        raise ValidationFailed([FieldError("/margins", "at least one side must be over 0")])
    inner = fit_size((image.width_px, image.height_px), model.limits)
    width, height = request.width or inner[0] + across, request.height or inner[1] + down
    if width <= across or height <= down:
        raise ValidationFailed([FieldError("/margins", "leave no room for the picture itself")])
    return {
        "width": width,
        "height": height,
        "image": image.stored,
        "margins": margins,
        "strength": request.strength or model.defaults.strength.outpaint,
    }


def resolve_upscale(
    request: UpscaleRequest, model: ModelEntry, pictures: Mapping[str, InputPicture]
) -> dict[str, Any]:
    """Return the new size, the strength and the picture.

    Raises:
        ValidationFailed: Both a scale and a size are given.
    """
    image = pictures["/image"]
    size, asked = (image.width_px, image.height_px), (request.width, request.height)
    if request.scale is not None and asked != (None, None):
        raise ValidationFailed([FieldError("/scale", "give a scale or a size, not both")])
    if asked == (None, None):
        scale = request.scale or _DEFAULT_SCALE
        width, height = round_size((size[0] * scale, size[1] * scale), model.limits)
    else:
        width, height = follow_shape(asked, size, model.limits)
    return {
        "width": width,
        "height": height,
        "image": image.stored,
        "strength": request.strength or model.defaults.strength.upscale,
    }


def _check_mask(image: InputPicture, mask: InputPicture | None) -> None:
    """Raise unless the mask can say what is painted anew.

    Raises:
        ValidationFailed: There is none, or it does not fit the picture.
    """
    if mask is None:
        fault = None
        if not image.has_alpha:
            fault = "is needed: the image has no transparency that could say what to paint anew"
    elif (mask.width_px, mask.height_px) != (image.width_px, image.height_px):
        fault = (
            f"is {mask.width_px} x {mask.height_px} pixels and the image"
            f" {image.width_px} x {image.height_px}; both must be of one size"
        )
    else:
        fault = "must not be transparent: white is painted anew, black kept"
        fault = fault if mask.has_alpha else None
    if fault is not None:
        raise ValidationFailed([FieldError("/mask", fault)])
