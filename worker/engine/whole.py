"""A generation that its pipeline makes by itself, image after image, alone in its forward passes.

One tick is one step of the pipeline, by its step callback. A pipeline that tells nothing of its
steps makes a whole image in a tick.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from worker.engine.errors import NonFinitePicture, Unsupported
from worker.engine.events import MadeWith, Pixels
from worker.engine.latents import seeded_generator
from worker.engine.member import BatchKey, Member
from worker.engine.request import GenerationRequest, ImageRequest
from worker.engine.scheduler_names import DEFAULT
from worker.engine.schedulers import build_scheduler
from worker.engine.step_thread import Pause, StepThread

NO_STEPS = "no-steps: this model tells nothing of its steps; a cancel waits for its image"
STEP_CALLBACKS = ("callback_on_step_end", "callback")  # the second is what older ones have


class WholeModel:
    """A diffusers pipeline that has no step adapter.

    Args:
        pipeline: On its device.
    """

    def __init__(self, pipeline: Any) -> None:  # noqa: ANN401 - diffusers is untyped
        self._pipeline = pipeline
        self._known = inspect.signature(pipeline.__call__).parameters

    @property
    def tells_steps(self) -> bool:
        """Whether its pipeline calls back after each step."""
        return any(name in self._known for name in STEP_CALLBACKS)

    def make(
        self, request: GenerationRequest, image: ImageRequest, on_step: Callable[[Any], None]
    ) -> tuple[Pixels, Any]:
        """Make one image.

        Args:
            request: The whole of it.
            image: The one to make.
            on_step: Told of its scheduler after each timestep.

        Returns:
            The picture (H, W, 3) and the scheduler that made it.

        Raises:
            NonFinitePicture: What came out is no picture.
        """
        pipeline = self._pipeline.__class__(**self._parts(request))
        pipeline.set_progress_bar_config(disable=True)

        def step_ends(*_: object) -> dict[str, object]:
            on_step(pipeline.scheduler)
            return {}  # changes nothing of the pipeline's own

        asked = {
            "negative_prompt": image.negative_prompt or None,
            "width": request.width_px,
            "height": request.height_px,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "generator": seeded_generator(image.seed),
            "output_type": "np",
            "callback_on_step_end": step_ends,
            "callback": step_ends,
        }
        known = {name: asked[name] for name in self._known if asked.get(name) is not None}
        picture = np.asarray(pipeline(image.prompt, **known).images[0])
        if not np.isfinite(picture).all():
            raise NonFinitePicture
        return (picture * 255).round().astype(np.uint8), pipeline.scheduler

    def _parts(self, request: GenerationRequest) -> dict[str, Any]:
        """Give each image a pipeline of its own: they keep state. Weights are shared."""
        parts = dict(self._pipeline.components)
        config = self._pipeline.config
        settings = set(inspect.signature(self._pipeline.__class__.__init__).parameters) - {"self"}
        parts |= {name: config[name] for name in settings if name not in parts and name in config}
        own = parts["scheduler"]
        parts["scheduler"] = (
            own.from_config(own.config)
            if request.scheduler == DEFAULT
            else build_scheduler(
                request.scheduler, own.config, request.num_inference_steps, sigmas=request.sigmas
            )
        )
        return parts


class WholeGeneration:
    """A request and the thread that makes its images; to the engine it is one image.

    Raises:
        Unsupported: It asks for more than images from noise.
    """

    def __init__(self, request: GenerationRequest, model: WholeModel) -> None:
        if request.second_pass or any(_begins_otherwise(image) for image in request.images):
            raise Unsupported(f"model {request.model!r} makes images from a prompt alone")
        self.request = request
        self.pictures: list[Pixels] = []
        self.warnings = () if model.tells_steps else (NO_STEPS,)
        self._model = model
        self._scheduler: Any = None
        self._timesteps_done = 0  # of the image that is being made
        self._thread = StepThread(self._make_all)

    @property
    def members(self) -> list[Member]:
        """The whole as the batcher sees it: one image that shares a pass with nobody."""
        request = self.request
        shape = ((request.width_px, request.height_px),)
        key = BatchKey(request.model, shape, alone=request.id)
        return [Member(request.id, 0, key, 1, request.tenant, request.priority)]

    @property
    def unfinished(self) -> list[Member]:
        """Likewise."""
        return [] if self.is_done else self.members

    @property
    def made_with(self) -> MadeWith:
        """What a receipt says of the schedule."""
        return MadeWith(type(self._scheduler).__name__, dict(self._scheduler.config))

    @property
    def steps(self) -> int:
        """Steps from noise to picture."""
        return self.request.num_inference_steps

    @property
    def step(self) -> int:
        """Steps done, over all its images; a fraction is not counted."""
        steps = len(self.pictures) * self.steps + self._steps_of_this_image()
        return min(self.steps, steps // len(self.request.images))

    @property
    def is_done(self) -> bool:
        """Whether every picture is made."""
        return len(self.pictures) == len(self.request.images)

    def advance(self) -> None:
        """Let the pipeline take one step."""
        self._thread.advance()

    def close(self) -> None:
        """End the pipeline where it stands; one that has ended is no error."""
        self._thread.stop()

    def take_preview(self) -> None:
        """Have none: how a pipeline's latents look is its own affair."""

    def _make_all(self, pause: Pause) -> None:
        def on_step(scheduler: Any) -> None:  # noqa: ANN401 - diffusers is untyped
            self._scheduler = scheduler
            self._timesteps_done += 1
            pause()

        for image in self.request.images:
            picture, self._scheduler = self._model.make(self.request, image, on_step)
            self.pictures.append(picture)
            self._timesteps_done = 0
            if not self.is_done:
                pause()

    def _steps_of_this_image(self) -> int:
        if not self._timesteps_done:
            return 0
        return self._timesteps_done * self.steps // len(self._scheduler.timesteps)


def _begins_otherwise(image: ImageRequest) -> bool:
    return bool(image.start or image.variation or image.toward_prompt)
