"""The engine on its device, and which models of the catalog it has loaded."""

import logging
import time

import torch

from shared.config import Settings
from shared.errors import UnknownModel
from shared.models.catalog import Catalog, ModelEntry
from worker.describe_machine import describe_machine
from worker.engine.engine import Engine
from worker.engine.errors import ModelUnavailable
from worker.engine.loading import load_model
from worker.engine.model import LoadedModel
from worker.engine.weights_hash import weights_hash

_log = logging.getLogger(__name__)


class ModelShelf:
    """The engine and its models.

    Attributes:
        machine: What it computes with.
        loading: The model being loaded now.
    """

    def __init__(
        self, catalog: Catalog, pool: str, device: torch.device, dtype: torch.dtype, slots: int
    ) -> None:
        self.device = device
        self.dtype = dtype
        self.engine = Engine(self._read, device, dtype, slots)
        self.machine = describe_machine(device, dtype)
        self.loading: str | None = None
        self._catalog = catalog
        self._pool = pool
        self._loaded: tuple[str, ...] = ()
        self._weights: dict[str, str] = {}

    @property
    def loaded(self) -> tuple[str, ...]:
        """The models that are ready."""
        return self._loaded

    def weights_of(self, model: str) -> str:
        """Return the hash of the files that a loaded model came from."""
        return self._weights[model]

    def load(self, model: str) -> None:
        """Load a model unless it is loaded.

        Raises:
            ModelUnavailable: The catalog has none of that name, or its files do not serve.
        """
        if model in self._loaded:
            return
        self.loading, begun_s = model, time.monotonic()
        try:
            self.engine.load(model)
        finally:
            self.loading = None
        self._loaded += (model,)
        _log.info("loaded %s in %.1f s on %s", model, time.monotonic() - begun_s, self.device)

    def load_pool(self) -> None:
        """Load what the pool serves and this machine has, so that the first job need not wait."""
        for entry in self._catalog.pool_models(self._pool):
            try:
                self.load(entry.id)
            except ModelUnavailable as error:
                _log.warning("%s is not loaded: %s", entry.id, error)

    def check_device(self) -> None:
        """Return if the device still computes.

        Raises:
            RuntimeError: It is broken until another process takes it: no job is to blame.
        """
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _read(self, model: str) -> LoadedModel:
        """Load a model's files.

        Raises:
            ModelUnavailable: They are not there or do not serve.
        """
        try:
            entry = self._catalog.get_model(model)
        except UnknownModel as error:
            raise ModelUnavailable(f"the catalog of this worker has no {model!r}") from error
        loaded = load_model(entry.path, entry.family, self.device, self.dtype)
        self._weights[model] = weights_hash(entry.path)
        return loaded


def make_shelf(settings: Settings) -> ModelShelf:
    """Choose device and number format, and build the engine there with nothing loaded."""
    torch.set_num_threads(settings.torch_threads)
    catalog = Catalog.load(settings.catalog)
    entries = catalog.pool_models(settings.pool)
    device = torch.device(settings.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    dtype = _choose_dtype(settings, device, entries)
    return ModelShelf(catalog, settings.pool, device, dtype, settings.slots)


def _choose_dtype(
    settings: Settings, device: torch.device, entries: list[ModelEntry]
) -> torch.dtype:
    name = settings.dtype
    if name is None:
        name = "float32" if device.type == "cpu" or not entries else entries[0].gpu_dtype
    dtype: torch.dtype = getattr(torch, name)
    return dtype
