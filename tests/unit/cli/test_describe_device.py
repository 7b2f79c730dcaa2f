"""The device is named and, where a GPU lies idle, so is the reason."""

import pytest

from cli.up.device import describe_device


@pytest.mark.parametrize(
    ("chosen", "version", "is_seen", "is_usable", "expected"),
    [
        (None, "2.13.0+cpu", False, False, "no GPU is seen"),
        (None, "2.13.0+cpu", True, False, "torch 2.13.0+cpu is a CPU build"),
        (None, "2.13.0+cu130", True, False, "torch 2.13.0+cu130 cannot use it"),
        (None, "2.13.0", True, True, "the GPU"),
        ("cuda:1", "2.13.0", True, True, "cuda:1 (ATELIER_DEVICE)"),
    ],
)
def test_device_and_reason(
    chosen: str | None, version: str, is_seen: bool, is_usable: bool, expected: str
) -> None:
    said = describe_device(chosen, version, is_gpu_seen=is_seen, is_gpu_usable=lambda: is_usable)
    assert expected in said


def test_torch_is_not_asked_where_the_answer_is_known() -> None:
    def ask() -> bool:
        raise AssertionError("asked")

    describe_device(None, "2.13.0+cpu", is_gpu_seen=True, is_gpu_usable=ask)
    describe_device(None, "2.13.0", is_gpu_seen=False, is_gpu_usable=ask)
