"""The engine on its device, and which models of the catalog it has loaded."""

import logging
import time

import torch

from shared.config import Settings
from shared.errors import UnknownModel
from shared.models.catalog import Catalog, ModelEntry
from worker.choose_row_budget import choose_row_budget
from worker.choose_tuning import choose_tuning
from worker.describe_machine import describe_machine
from worker.engine.engine import Engine
from worker.engine.errors import ModelUnavailable
from worker.engine.loading import WHOLE, load_model, load_whole
from worker.engine.memory import DeviceMemory
from worker.engine.model import LoadedModel
from worker.engine.model_memory import check_model_fits
from worker.engine.prompt_cache import PromptCache
from worker.engine.weights_hash import weights_hash
from worker.engine.whole import WholeModel

_log = logging.getLogger(__name__)


class ModelShelf:
    """The engine and its models.

    Attributes:
        machine: What it computes with.
        loading: The model being loaded now.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.device = device
        self.dtype = dtype
        self._memory = DeviceMemory(device, settings.memory_limit_bytes)
        budget = choose_row_budget(settings, device, dtype, self._memory, self.weights_of)
        prompts = PromptCache(settings.prompt_cache_bytes)
        self.engine = Engine(self._read, device, dtype, settings.slots, budget, prompts)
        self._tuning = choose_tuning(settings)
        self.machine = describe_machine(device, dtype)
        self.loading: str | None = None
        self._catalog = catalog
        self._pool = settings.pool
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
            ModelUnavailable: The catalog has none of that name, or its files do not serve here.
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

    def _read(self, model: str) -> LoadedModel | WholeModel:
        """Load a model's files.

        Raises:
            ModelUnavailable: They are not there or do not serve.
            ModelTooLarge: This device has no memory for them.
        """
        try:
            entry = self._catalog.get_model(model)
        except UnknownModel as error:
            raise ModelUnavailable(f"the catalog of this worker has no {model!r}") from error
        check_model_fits(entry.path, self.dtype, self._memory)
        where = self.device, self.dtype
        loaded = (
            load_whole(entry.path, *where)
            if entry.family == WHOLE
            else load_model(entry.path, entry.family, *where, self._tuning)
        )
        self._weights[model] = weights_hash(entry.path)
        return loaded


def make_shelf(settings: Settings) -> ModelShelf:
    """Choose device and number format, and build the engine there with nothing loaded."""
    torch.set_num_threads(settings.torch_threads)
    catalog = Catalog.load(settings.catalog)
    entries = catalog.pool_models(settings.pool)
    device = torch.device(settings.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    dtype = _choose_dtype(settings, device, entries)
    return ModelShelf(settings, catalog, device, dtype)


def _choose_dtype(
    settings: Settings, device: torch.device, entries: list[ModelEntry]
) -> torch.dtype:
    name = settings.dtype
    if name is None:
        name = "float32" if device.type == "cpu" or not entries else entries[0].gpu_dtype
    dtype: torch.dtype = getattr(torch, name)
    return dtype
