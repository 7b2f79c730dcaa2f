"""The loop: many generations, one denoiser forward a tick, shared by all that can share it."""

import logging
from collections.abc import Callable, Sequence

import torch

from worker.engine.batcher import Batcher
from worker.engine.budget import FixedRowBudget, RowBudget
from worker.engine.errors import ModelInUse, ModelUnavailable, NoFreeSlot
from worker.engine.events import Canceled, EngineEvent, Failed, Finished, StepDone
from worker.engine.forward import are_finite, predict_noise
from worker.engine.generation import Generation, Share, start_generation
from worker.engine.isolate import isolate
from worker.engine.model import LoadedModel
from worker.engine.prompt_cache import PromptCache
from worker.engine.request import GenerationRequest

_log = logging.getLogger(__name__)

DEFAULT_BUDGET = FixedRowBudget(rows=16)
NON_FINITE = "the latents are no longer numbers; a lower guidance_scale may help"


class Engine:
    """Generations that join, advance and leave between ticks. One thread calls it.

    Args:
        loader: Loads a model by its id; slow, and raises `ModelUnavailable`.
        max_slots: Generations that run at once.
        prompts: Keeps encoded texts; None keeps none.
    """

    def __init__(
        self,
        loader: Callable[[str], LoadedModel],
        device: torch.device,
        dtype: torch.dtype,
        max_slots: int,
        row_budget: RowBudget = DEFAULT_BUDGET,
        prompts: PromptCache | None = None,
    ) -> None:
        self._loader = loader
        self._device = device
        self._dtype = dtype
        self._max_slots = max_slots
        self._prompts = prompts or PromptCache(max_bytes=0)
        self._models: dict[str, LoadedModel] = {}
        self._batcher = Batcher(row_budget)
        self._arrivals: dict[str, GenerationRequest] = {}
        self._running: dict[str, Generation] = {}
        self._canceled: list[str] = []
        self._events: list[EngineEvent] = []

    @property
    def free_slots(self) -> int:
        """How many more generations `admit` takes now."""
        return self._max_slots - len(self._arrivals) - len(self._running)

    @property
    def has_work(self) -> bool:
        """Whether a tick would do anything."""
        return bool(self._arrivals or self._running)

    def load(self, model: str) -> None:
        """Load a model unless it is loaded; takes seconds to minutes."""
        if model not in self._models:
            self._models[model] = self._loader(model)

    def unload(self, model: str) -> None:
        """Let go of a model and of what it encoded; one that is not loaded is no error.

        Raises:
            ModelInUse: Generations of it are here.
        """
        running = [generation.request for generation in self._running.values()]
        if any(request.model == model for request in (*self._arrivals.values(), *running)):
            raise ModelInUse(f"generations of {model!r} are running")
        self._models.pop(model, None)
        self._prompts.forget(model)

    def admit(self, request: GenerationRequest) -> None:
        """Take a request in; the next tick starts it.

        Raises:
            ModelUnavailable: `load` was not called for its model.
            NoFreeSlot: `free_slots` is 0.
            ValueError: It asks for no image, or its id runs already.
        """
        if request.model not in self._models:
            raise ModelUnavailable(f"model {request.model!r} is not loaded")
        if self.free_slots <= 0:
            raise NoFreeSlot(f"all {self._max_slots} slots are taken")
        if not request.images or self._is_held(request.id):
            raise ValueError(f"{request.id!r} asks for no image, or runs already")
        self._arrivals[request.id] = request

    def cancel(self, request_id: str) -> None:
        """End a generation at the next tick; one that has ended already is no error."""
        if self._is_held(request_id) and request_id not in self._canceled:
            self._canceled.append(request_id)

    @torch.inference_mode()
    def step(self) -> list[EngineEvent]:
        """Do one tick: one denoiser forward of one batch, then pictures of what it ended."""
        self._remove_canceled()
        self._start_arrivals()
        batch = self._choose_batch()
        advanced = self._denoise(batch)
        self._collect(advanced)
        events, self._events = self._events, []
        return events

    def _remove_canceled(self) -> None:
        for request_id in self._canceled:
            self._end(Canceled(request_id, self._steps_done(request_id)))
        self._canceled.clear()

    def _start_arrivals(self) -> None:
        for request in list(self._arrivals.values()):
            isolate([request], self._start, self._fail_request)

    def _start(self, requests: Sequence[GenerationRequest]) -> None:
        for request in requests:
            model = self._models[request.model]
            generation = start_generation(request, model, self._prompts, self._device, self._dtype)
            self._running[request.id] = generation
            del self._arrivals[request.id]
            for member in generation.members:
                self._batcher.join(member)

    def _choose_batch(self) -> list[Share]:
        indices: dict[str, list[int]] = {}
        for member in self._batcher.next_batch():
            indices.setdefault(member.generation_id, []).append(member.index)
        return [Share(self._running[name], chosen) for name, chosen in indices.items()]

    def _denoise(self, batch: list[Share]) -> list[Share]:
        """Advance a batch by one step and return the shares that came through."""
        predicted = isolate(batch, _predict, self._fail_share)
        advanced = [
            kept for share in predicted for kept in isolate([share], _advance, self._fail_share)
        ]
        finite = are_finite([share.trajectories for share in advanced])
        for share, is_finite in zip(advanced, finite, strict=True):
            if not is_finite:
                self._fail(share.generation.request.id, "non-finite-latents", NON_FINITE)
        return [share for share, is_finite in zip(advanced, finite, strict=True) if is_finite]

    def _collect(self, advanced: list[Share]) -> None:
        """Report the progress of a batch, and make the pictures of what it ended."""
        for share in advanced:
            generation = share.generation
            self._events.append(
                StepDone(
                    generation.request.id,
                    generation.step,
                    generation.steps,
                    generation.take_preview(),
                )
            )
            for kept in isolate([share], self._decode_ended, self._fail_share):
                if kept.generation.is_done:
                    self._finish(kept.generation)

    def _decode_ended(self, shares: Sequence[Share]) -> None:
        for share in shares:
            ended = [index for index in share.indices if share.generation.is_denoised(index)]
            for index in ended:
                self._batcher.leave(share.generation.members[index])
            for member in share.generation.decode(ended):
                self._batcher.join(member)

    def _finish(self, generation: Generation) -> None:
        self._end(
            Finished(
                generation.request.id,
                generation.pictures,
                generation.warnings,
                generation.step,
                generation.made_with,
            )
        )

    def _fail_request(self, request: GenerationRequest, error: Exception) -> None:
        _log.warning("generation %s raised", request.id, exc_info=error)
        self._fail(request.id, "generation-error", repr(error))

    def _fail_share(self, share: Share, error: Exception) -> None:
        self._fail_request(share.generation.request, error)

    def _fail(self, request_id: str, code: str, message: str) -> None:
        steps_done = self._steps_done(request_id)
        self._end(Failed(request_id, code, message, is_retryable=False, steps_done=steps_done))

    def _end(self, event: Finished | Failed | Canceled) -> None:
        """Free the slot and say so; every generation passes here exactly once."""
        self._arrivals.pop(event.id, None)
        generation = self._running.pop(event.id, None)
        for member in generation.members if generation else ():
            self._batcher.leave(member)
        self._events.append(event)

    def _steps_done(self, request_id: str) -> int:
        generation = self._running.get(request_id)
        return generation.step if generation else 0

    def _is_held(self, request_id: str) -> bool:
        return request_id in self._arrivals or request_id in self._running


def _predict(shares: Sequence[Share]) -> None:
    model = shares[0].generation.model
    predict_noise(model, [trajectory for share in shares for trajectory in share.trajectories])


def _advance(shares: Sequence[Share]) -> None:
    for share in shares:
        for index in share.indices:
            share.generation.advance(index)
