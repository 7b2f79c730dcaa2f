"""From a folder in diffusers' layout to a pipeline on its device."""

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

LIBRARIES = ("diffusers", "transformers")
SAFE: dict[str, Any] = {"use_safetensors": True, "local_files_only": True}


def load_pipeline(
    pipeline_class: str,
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
    **parts: Any,  # noqa: ANN401 - whatever its constructor takes
) -> Any:  # noqa: ANN401 - diffusers is untyped
    """Load a pipeline of safetensors; nothing is fetched, and no code of the folder is run.

    Args:
        pipeline_class: Name in diffusers.
        path: The folder.
        device: Where it will live.
        dtype: What it computes in, whatever its weights are stored in.
        parts: Given to its constructor in place of what the folder names.

    Raises:
        ValueError: A weight is missing, or a part is of a class that is not the libraries' own.
    """
    named = read_parts(path)
    parts = dict.fromkeys(_list_absent(path)) | parts
    missing: list[str] = []
    for name, (library, class_name) in named.items():
        is_network = library == "transformers" and any((path / name).glob("*.safetensors"))
        if is_network and name not in parts:
            parts[name], lost = _load_transformer(class_name, path / name, dtype)
            missing += [f"{name} {weight}" for weight in lost]
    diffusers = importlib.import_module("diffusers")  # takes seconds
    pipeline = getattr(diffusers, pipeline_class).from_pretrained(
        path, dtype=dtype, **SAFE, **parts
    )
    missing += _without_data(pipeline.components)
    if missing:
        raise ValueError(f"missing weights: {', '.join(missing)}")
    pipeline.to(device)
    return pipeline


def load_any_pipeline(path: Path, device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    """Load a folder as the pipeline that it names, under the same conditions.

    Raises:
        ValueError: It names none of diffusers, a weight is missing, or a part is not trusted.
    """
    named = _read_index(path).get("_class_name")
    if not isinstance(named, str) or not hasattr(importlib.import_module("diffusers"), named):
        raise ValueError(f"diffusers has no pipeline {named!r}")
    return load_pipeline(named, path, device, dtype)


def read_parts(path: Path) -> dict[str, tuple[str, str]]:
    """Return library and class of each part that the folder names.

    Raises:
        ValueError: One is of a class that is not the libraries' own.
    """
    parts = {
        name: (str(value[0]), str(value[1]))
        for name, value in _read_index(path).items()
        if isinstance(value, list) and len(value) == 2 and value[0] is not None  # noqa: PLR2004
    }
    pipelines = importlib.import_module("diffusers.pipelines")
    for library, _ in parts.values():
        if library not in LIBRARIES and not hasattr(pipelines, library):
            raise ValueError(f"a part of {library!r}: only {' and '.join(LIBRARIES)} are trusted")
    return parts


def _list_absent(path: Path) -> list[str]:
    """Name the parts that the folder says it goes without."""
    return [name for name, value in _read_index(path).items() if value == [None, None]]


def _read_index(path: Path) -> dict[str, object]:
    index: dict[str, object] = json.loads((path / "model_index.json").read_text(encoding="utf-8"))
    return index


def _load_transformer(class_name: str, path: Path, dtype: torch.dtype) -> tuple[Any, list[str]]:
    """Load a text encoder; transformers would make up what is missing, so say what that is."""
    transformers = importlib.import_module("transformers")
    loaded, report = getattr(transformers, class_name).from_pretrained(
        path, dtype=dtype, output_loading_info=True, **SAFE
    )
    return loaded, sorted(report["missing_keys"])


def _without_data(components: Mapping[str, Any]) -> Iterator[str]:
    """Name the weights that diffusers found nowhere and left without data."""
    for name, part in components.items():
        if isinstance(part, torch.nn.Module):
            yield from (
                f"{name} {key}" for key, weight in part.named_parameters() if weight.is_meta
            )
