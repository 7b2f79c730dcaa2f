"""From the size of a picture to one that a model makes."""

from shared.models.catalog import ModelLimits

Size = tuple[int, int]


def fit_size(size: Size, limits: ModelLimits) -> Size:
    """Return the nearest size that the model makes, in about the same shape.

    Args:
        size: Width and height in pixels.
        limits: The model's.
    """
    longer, shorter = max(size), min(size)
    scale = 1.0
    if longer > limits.max_size:
        scale = limits.max_size / longer
    elif shorter < limits.min_size:
        scale = limits.min_size / shorter
    width, height = size
    return _nearest(width * scale, limits), _nearest(height * scale, limits)


def round_size(size_px: tuple[float, float], limits: ModelLimits) -> Size:
    """Return the nearest multiples, whether or not the model makes that size."""
    multiple = limits.size_multiple
    width, height = (max(1, round(side / multiple)) * multiple for side in size_px)
    return width, height


def follow_shape(asked: tuple[int | None, int | None], size: Size, limits: ModelLimits) -> Size:
    """Return the size asked for; what it leaves open follows the picture's shape."""
    width, height = asked
    if width is not None and height is not None:
        return width, height
    if width is not None:
        return width, _nearest(size[1] * width / size[0], limits)
    if height is not None:
        return _nearest(size[0] * height / size[1], limits), height
    return fit_size(size, limits)


def _nearest(side_px: float, limits: ModelLimits) -> int:
    multiple = limits.size_multiple
    rounded = round(side_px / multiple) * multiple
    return max(limits.min_size, min(limits.max_size, rounded))
