"""The loop: many generations, one denoiser forward a tick, shared by all that can share it."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import torch

from worker.engine.batcher import Batcher
from worker.engine.budget import FixedRowBudget, RowBudget, ShrinkingBudget
from worker.engine.errors import (
    ModelInUse,
    ModelUnavailable,
    NoFreeSlot,
    NonFinitePicture,
    Unsupported,
)
from worker.engine.events import Canceled, EngineEvent, Failed, Finished, StepDone
from worker.engine.forward import are_finite, predict_noise
from worker.engine.generation import Generation, Share, start_generation
from worker.engine.isolate import isolate
from worker.engine.member import Member
from worker.engine.memory import is_out_of_memory
from worker.engine.model import LoadedModel
from worker.engine.prompt_cache import PromptCache
from worker.engine.rehearse import ImageRehearsal
from worker.engine.request import GenerationRequest
from worker.engine.whole import WholeGeneration, WholeModel

_log = logging.getLogger(__name__)

DEFAULT_BUDGET = FixedRowBudget(rows=16)
NON_FINITE = "the latents are no longer numbers; a lower guidance_scale may help"


class Engine:
    """Generations that join, advance, pause and leave between ticks. One thread calls it.

    Args:
        loader: Loads a model by its id; slow, and raises `ModelUnavailable`.
        max_slots: Generations that run at once.
        prompts: Keeps encoded texts; None keeps none.
    """

    def __init__(
        self,
        loader: Callable[[str], LoadedModel | WholeModel],
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
        self._models: dict[str, LoadedModel | WholeModel] = {}
        self._budget = ShrinkingBudget(row_budget)
        self._batcher = Batcher(self._budget)
        self._arrivals: dict[str, GenerationRequest] = {}
        self._lacks_memory = False  # for the first arrival, until a generation ends
        self._running: dict[str, Generation | WholeGeneration] = {}
        self._paused: dict[str, Generation | WholeGeneration] = {}
        self._to_pause: list[str] = []
        self._to_resume: list[str] = []
        self._canceled: list[str] = []
        self._events: list[EngineEvent] = []

    @property
    def free_slots(self) -> int:
        """How many more generations `admit` takes now."""
        taken = len(self._arrivals) + len(self._running) + len(self._to_resume)
        return self._max_slots - taken + len(self._to_pause)

    @property
    def has_work(self) -> bool:
        """Whether a tick would do anything."""
        return bool(self._arrivals or self._running or self._to_resume or self._canceled)

    def load(self, model: str) -> None:
        """Load a model unless it is loaded; takes seconds to minutes."""
        if model not in self._models:
            self._models[model] = self._loader(model)

    def unload(self, model: str) -> None:
        """Let go of a model and of what it encoded; one that is not loaded is no error.

        Raises:
            ModelInUse: Generations of it are here.
        """
        begun = (*self._running.values(), *self._paused.values())
        requests = (*self._arrivals.values(), *(generation.request for generation in begun))
        if any(request.model == model for request in requests):
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

    def pause(self, request_id: str) -> None:
        """Take a generation out of its slot at the next tick; it keeps what it has.

        One that has ended already, or is paused, is no error.
        """
        is_here = request_id in self._running or request_id in self._arrivals
        if is_here and request_id not in self._to_pause:
            self._to_pause.append(request_id)

    def resume(self, request_id: str) -> None:
        """Let a paused generation go on from the next tick, as if nothing had been.

        Raises:
            NoFreeSlot: `free_slots` is 0.
            ValueError: It is not paused.
        """
        if self.free_slots <= 0:
            raise NoFreeSlot(f"all {self._max_slots} slots are taken")
        if request_id in self._to_pause:
            self._to_pause.remove(request_id)
        elif request_id in self._paused and request_id not in self._to_resume:
            self._to_resume.append(request_id)
        else:
            raise ValueError(f"{request_id!r} is not paused")

    @torch.inference_mode()
    def step(self) -> list[EngineEvent]:
        """Do one tick: one denoiser forward of one batch, then pictures of what it ended."""
        self._remove_canceled()
        self._start_arrivals()
        self._pause_and_resume()
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
            if self._lacks_memory:
                return
            isolate([request], self._start, self._fail_request)

    def _start(self, requests: Sequence[GenerationRequest]) -> None:
        """Begin what was asked for, unless there is no memory for it beside the others.

        Raises:
            MemoryError: Nor would there be without them.
        """
        for request in requests:
            model = self._models[request.model]
            if isinstance(model, WholeModel):
                self._run(request, WholeGeneration(request, model))
                continue
            generation = start_generation(request, model, self._prompts, self._device, self._dtype)
            self._learn(generation, generation.unfinished)
            lack = self._budget.find_lack(generation.members[0].key, generation.bytes_to_come)
            if lack is not None and (self._running or self._paused):
                self._lacks_memory = True
                return
            if lack is not None:
                raise MemoryError(lack)
            self._run(request, generation)

    def _run(self, request: GenerationRequest, generation: Generation | WholeGeneration) -> None:
        self._running[request.id] = generation
        del self._arrivals[request.id]
        self._join(generation.unfinished)

    def _pause_and_resume(self) -> None:
        for request_id in self._to_pause:
            if generation := self._running.pop(request_id, None):
                self._paused[request_id] = generation
                self._leave(generation.members)
        self._to_pause = [one for one in self._to_pause if one in self._arrivals]
        for request_id in self._to_resume:
            self._running[request_id] = self._paused.pop(request_id)
            self._join(self._running[request_id].unfinished)
        self._to_resume.clear()

    def _learn(self, generation: Generation, members: Sequence[Member]) -> None:
        """Find out what passes of images take that nobody of their key ran before."""
        for member in members:
            trajectory = generation.images[member.index].trajectory
            self._budget.learn(member.key, ImageRehearsal(generation.model, trajectory))

    def _join(self, members: Sequence[Member]) -> None:
        for member in members:
            self._batcher.join(member)

    def _leave(self, members: Sequence[Member]) -> None:
        for member in members:
            self._batcher.leave(member)

    def _choose_batch(self) -> list[Share]:
        shares: dict[str, Share] = {}
        for member in self._batcher.next_batch():
            generation = self._running[member.generation_id]
            if isinstance(generation, WholeGeneration):  # the batch is this one alone
                isolate([generation], self._advance_whole, self._fail_whole)
            else:
                share = shares.setdefault(member.generation_id, Share(generation, []))
                share.indices.append(member.index)
        return list(shares.values())

    def _advance_whole(self, generations: Sequence[WholeGeneration]) -> None:
        """Let a pipeline take a step by itself."""
        for generation in generations:
            generation.advance()
            self._tell_step(generation)
            if generation.is_done:
                self._finish(generation)

    def _denoise(self, batch: list[Share]) -> list[Share]:
        """Advance a batch by one step and return the shares that came through."""
        predicted = isolate(batch, self._predict, self._fail_share)
        advanced = [
            kept for share in predicted for kept in isolate([share], _advance, self._fail_share)
        ]
        finite = are_finite([share.trajectories for share in advanced])
        for share, is_finite in zip(advanced, finite, strict=True):
            if not is_finite:
                self._fail(share.generation.request.id, "non-finite-latents", NON_FINITE)
        return [share for share, is_finite in zip(advanced, finite, strict=True) if is_finite]

    def _predict(self, shares: Sequence[Share]) -> None:
        key, model = shares[0].key, shares[0].generation.model
        trajectories = [trajectory for share in shares for trajectory in share.trajectories]
        predict_noise(model, trajectories, partial(self._budget.halve, key))
        self._budget.recover(key)

    def _collect(self, advanced: list[Share]) -> None:
        """Report the progress of a batch, and make the pictures of what it ended."""
        for share in advanced:
            self._tell_step(share.generation)
            for kept in isolate([share], self._decode_ended, self._fail_share):
                if kept.generation.is_done:
                    self._finish(kept.generation)

    def _decode_ended(self, shares: Sequence[Share]) -> None:
        for share in shares:
            ended = [index for index in share.indices if share.generation.is_denoised(index)]
            for index in ended:
                self._batcher.leave(share.generation.members[index])
            begun = share.generation.decode(ended)
            self._learn(share.generation, begun)
            self._join(begun)

    def _tell_step(self, generation: Generation | WholeGeneration) -> None:
        self._events.append(
            StepDone(
                generation.request.id,
                generation.step,
                generation.steps,
                generation.take_preview(),
            )
        )

    def _finish(self, generation: Generation | WholeGeneration) -> None:
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
        if is_out_of_memory(error):
            self._fail(request.id, "out-of-memory", str(error))
        elif isinstance(error, NonFinitePicture):
            self._fail(request.id, "non-finite-latents", NON_FINITE)
        elif isinstance(error, Unsupported):
            self._fail(request.id, "unsupported", str(error))
        else:
            self._fail(request.id, "generation-error", repr(error))

    def _fail_whole(self, generation: WholeGeneration, error: Exception) -> None:
        self._fail_request(generation.request, error)

    def _fail_share(self, share: Share, error: Exception) -> None:
        self._fail_request(share.generation.request, error)

    def _fail(self, request_id: str, code: str, message: str) -> None:
        steps_done = self._steps_done(request_id)
        self._end(Failed(request_id, code, message, is_retryable=False, steps_done=steps_done))

    def _end(self, event: Finished | Failed | Canceled) -> None:
        """Free the slot and say so; every generation passes here exactly once."""
        self._arrivals.pop(event.id, None)
        for names in (self._to_pause, self._to_resume):
            if event.id in names:
                names.remove(event.id)
        generation = self._running.pop(event.id, None) or self._paused.pop(event.id, None)
        if generation is not None:
            self._leave(generation.members)
        if isinstance(generation, WholeGeneration):
            generation.close()
        self._lacks_memory = False
        self._events.append(event)

    def _steps_done(self, request_id: str) -> int:
        generation = self._running.get(request_id) or self._paused.get(request_id)
        return generation.step if generation else 0

    def _is_held(self, request_id: str) -> bool:
        return any(request_id in here for here in (self._arrivals, self._running, self._paused))


def _advance(shares: Sequence[Share]) -> None:
    for share in shares:
        for index in share.indices:
            share.generation.advance(index)
