"""Whether two pictures are the same, and what changed between their makings."""

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence

Receipt = Mapping[str, Any]
Values = npt.NDArray[np.int16]

FULL_SCALE = 255
INVISIBLE = 2
# The rest of a receipt says what was asked, which is the same, or what came of it.
DECIDING = (
    *("weights_sha256", "inputs_sha256", "scheduler", "scheduler_config", "versions", "device"),
    "dtype",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One picture beside itself made again.

    Attributes:
        is_same: Value for value, as it was made and as it is stored.
        is_made_same: As it was made; None where a receipt is missing.
        max_difference: Largest difference of two stored values, 0 to 255; None where the pictures
            have not the same size.
        psnr_db: Peak signal-to-noise ratio of the stored values; None where nothing differs.
        share_different: Share of the stored values that differ.
        changed: What decided how each came out and is not the same: before and now.
    """

    is_same: bool
    is_made_same: bool | None
    max_difference: int | None
    psnr_db: float | None
    share_different: float
    changed: dict[str, tuple[Any, Any]]


def compare_pictures(
    before: bytes, now: bytes, receipt_before: Receipt | None, receipt_now: Receipt | None
) -> Comparison:
    """Compare two files by their values, and the receipts of both.

    Raises:
        ValueError: A file is no picture.
    """
    is_made_same, changed = None, dict[str, tuple[Any, Any]]()
    if receipt_before is not None and receipt_now is not None:
        is_made_same = receipt_before["pixels_sha256"] == receipt_now["pixels_sha256"]
        changed = _find_changes(receipt_before, receipt_now)
    one, other = _read_values(before), _read_values(now)
    if one.shape != other.shape:
        max_difference, share, psnr_db = None, 1.0, None
    else:
        apart = np.abs(one - other)
        max_difference, share = int(apart.max()), float((apart > 0).mean())
        psnr_db = _psnr_db(apart)
    return Comparison(
        is_same=max_difference == 0 and is_made_same is not False,
        is_made_same=is_made_same,
        max_difference=max_difference,
        psnr_db=psnr_db,
        share_different=share,
        changed=changed,
    )


def explain(comparison: Comparison) -> str:
    """Say in one sentence what came of a comparison, and why."""
    if comparison.is_same:
        return "Made again, it comes out the same, value for value."
    if comparison.is_made_same:
        return "Made again, it comes out the same, but its file has been changed since."
    told = "Made again, it is another picture"
    if comparison.max_difference is not None and comparison.max_difference <= INVISIBLE:
        told = "Made again, it looks the same, but its numbers differ a little"
    if comparison.is_made_same is None:
        return f"{told}; it has no receipt that could say why."
    if not comparison.changed:
        return f"{told}, {_name_no_reason(comparison)}."
    return f"{told}: {_name_reason(comparison.changed)}."


def _name_no_reason(comparison: Comparison) -> str:
    if comparison.max_difference is not None and comparison.max_difference <= INVISIBLE:
        return "as it may when it was made in the company of other jobs"
    return "though all that decides how it comes out is the same: please report this"


def _name_reason(changed: Mapping[str, object]) -> str:
    """Name the change that explains most."""
    if "weights_sha256" in changed:
        return "the model's weights are no longer those it was made with"
    if any(name.startswith("inputs_sha256") for name in changed):
        return "a picture that it begins with is read otherwise now"
    if any(name.startswith("scheduler") for name in changed):
        return "its scheduler is set up otherwise now"
    names = sorted({name.rpartition(".")[2] for name in changed})
    return f"it was made with another {' and another '.join(names)}"


def _find_changes(before: Receipt, now: Receipt) -> dict[str, tuple[Any, Any]]:
    old, new = dict(_flatten(before)), dict(_flatten(now))
    names = sorted(old.keys() | new.keys())
    return {
        name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    }


def _flatten(receipt: Receipt) -> Iterator[tuple[str, Any]]:
    for name in DECIDING:
        value = receipt.get(name)
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _read_values(data: bytes) -> Values:
    """Return the values of a picture, or of all frames of an animation, (N, H, W, 3)."""
    with Image.open(io.BytesIO(data)) as picture:
        frames = [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(picture)]
    return np.stack(frames).astype(np.int16)


def _psnr_db(apart: Values) -> float | None:
    mean_square = float((apart.astype(np.float64) ** 2).mean())
    return 10 * math.log10(FULL_SCALE**2 / mean_square) if mean_square else None
