"""The receipt of a picture: all that decides how it comes out, and a hash of how it came out."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.jobs.resolved import ResolvedRequest
from worker.describe_machine import Machine
from worker.encode_image import Pixels
from worker.engine.events import MadeWith
from worker.engine.request import StartPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How the pictures of one job were made.

    Attributes:
        weights_sha256: Of the model's files when they were loaded.
    """

    asked: ResolvedRequest
    start: StartPicture | None
    made_with: MadeWith
    weights_sha256: str
    machine: Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one picture was made with. `api.schemas.receipts` says of each field what it means."""

    model: str
    weights_sha256: str
    request: dict[str, Any]
    inputs_sha256: dict[str, str]
    index: int
    seed: int
    scheduler: str
    scheduler_config: dict[str, Any]
    versions: dict[str, str]
    device: str
    dtype: str
    pixels_sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the form that the row keeps."""
        return asdict(self)


def make_receipt(making: Making, index: int, seed: int, frames: Sequence[Pixels]) -> Receipt:
    """Write the receipt of one picture.

    Args:
        making: How it was made.
        index: Its place in the job.
        seed: That it began with.
        frames: The picture, (H, W, 3), or those of an animation.
    """
    machine = making.machine
    return Receipt(
        model=making.asked.model,
        weights_sha256=making.weights_sha256,
        request=making.asked.as_json(),
        inputs_sha256=_hash_inputs(making.start),
        index=index,
        seed=seed,
        scheduler=making.made_with.scheduler,
        scheduler_config=_as_json(making.made_with.scheduler_config),
        versions=machine.versions,
        device=machine.device,
        dtype=machine.dtype,
        pixels_sha256=hash_pixels(*frames),
    )


def hash_pixels(*pictures: Pixels) -> str:
    """Hash pictures by their values, whatever files they are written to."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(picture.tobytes())  # row by row, whatever its layout in memory
    return digest.hexdigest()


def _hash_inputs(start: StartPicture | None) -> dict[str, str]:
    if start is None:
        return {}
    pictures = {"image": start.pixels, "mask": start.mask, "toward": start.toward}
    return {name: hash_pixels(one) for name, one in pictures.items() if one is not None}


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a scheduler is configured with
    """Return what PostgreSQL keeps as JSON: no infinities, no arrays, none of diffusers' notes."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            named = {str(name): _as_json(one) for name, one in value.items()}
            return {name: one for name, one in named.items() if not name.startswith("_")}
        case list() | tuple():
            return [_as_json(one) for one in value]
        case _:
            return _as_json(value.tolist()) if hasattr(value, "tolist") else str(value)
