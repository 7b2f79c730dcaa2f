"""Work shared by many, harmed by none."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

T = TypeVar("T")


def isolate(
    items: Sequence[T],
    work: Callable[[Sequence[T]], None],
    on_failure: Callable[[T, Exception], None],
) -> list[T]:
    """Do work for all items at once; if it raises, for each alone.

    Args:
        items: Those that share the work.
        work: Changes nothing when it raises, or only what belongs to a single item.
        on_failure: Told of each item for which the work raises even alone.

    Returns:
        The items that came through, in order.

    Raises:
        torch.AcceleratorError: The device is lost, and with it every item: nobody's own failure.
    """
    if not items:
        return []
    try:
        work(items)
    except torch.AcceleratorError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is one item's and ends no other
        if len(items) == 1:
            on_failure(items[0], error)
            return []
        return [kept for item in items for kept in isolate([item], work, on_failure)]
    return list(items)
