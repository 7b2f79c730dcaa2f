"""A noise scheduler for one image, made from the model's own configuration."""

import copy
import inspect
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol, cast

import torch

from worker.engine.errors import UnsupportedScheduler
from worker.engine.scheduler_names import (
    DEFAULT,
    SCHEDULERS,
    SPACING_FLAGS,
    NamedScheduler,
    list_schedulers,
    predicts_flow,
)

_GRID = "original_inference_steps"


class Scheduler(Protocol):
    """The part of a diffusers scheduler that the engine uses; it belongs to one image."""

    config: Any
    timesteps: torch.Tensor
    alphas_cumprod: torch.Tensor
    init_noise_sigma: float | torch.Tensor

    def set_timesteps(self, num_inference_steps: int, **layout: object) -> None:
        """Lay out `timesteps` and start anew."""

    def scale_model_input(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Return latents as the denoiser expects them, (1, C, H/8, W/8)."""

    def step(
        self,
        model_output: torch.Tensor,
        timestep: torch.Tensor,
        sample: torch.Tensor,
        *,
        return_dict: bool,
    ) -> tuple[torch.Tensor, ...]:
        """Return the latents of the next timestep first, (1, C, H/8, W/8)."""


def make_scheduler(
    name: str,
    config: Mapping[str, Any],
    num_inference_steps: int,
    layout: Mapping[str, object] | None = None,
    *,
    sigmas: str = DEFAULT,
) -> Scheduler:
    """Build a scheduler and lay out its timesteps.

    Args:
        name: A key of `SCHEDULERS`.
        config: The model's scheduler configuration as its pipeline corrects it (`steps_offset` 1).
        num_inference_steps: Steps asked for. `timesteps` has more where a step takes two forward
            passes, and one more where diffusers rounds so.
        layout: What the model's pipeline says beside the number of steps.
        sigmas: Spacing of the noise levels, one of the name's `SPACINGS`.

    Raises:
        UnsupportedScheduler: As `build_scheduler`.
    """
    scheduler = build_scheduler(name, config, num_inference_steps, sigmas=sigmas)
    scheduler.set_timesteps(num_inference_steps, **_heed(scheduler, layout or {}))
    _enter_at_start(scheduler)
    _conform(scheduler)
    return cast("Scheduler", scheduler)


def build_scheduler(
    name: str, config: Mapping[str, Any], num_inference_steps: int, *, sigmas: str
) -> Any:  # noqa: ANN401 - diffusers is untyped
    """Build a scheduler for a pipeline that lays out its timesteps itself.

    Args:
        name: A key of `SCHEDULERS`.
        config: The model's scheduler configuration as its pipeline corrects it.
        num_inference_steps: Steps it must have room for.
        sigmas: Spacing of the noise levels, one of the name's `SPACINGS`.

    Raises:
        UnsupportedScheduler: It has no such name or spacing, or the model predicts something else
            than it expects.
    """
    if name not in SCHEDULERS:
        raise UnsupportedScheduler(f"no scheduler {name!r}; there are {', '.join(SCHEDULERS)}")
    named = SCHEDULERS[name]
    if not named.fits(config):
        fitting = ", ".join(list_schedulers(config))
        raise UnsupportedScheduler(f"scheduler {name} does not fit this model; there are {fitting}")
    offered = named.list_spacings(config)
    if sigmas not in offered:
        raise UnsupportedScheduler(
            f"scheduler {name} has no sigmas {sigmas!r}; it has {', '.join(offered)}"
        )
    overrides = {
        **named.overrides,
        **_learn_flow(named, config),
        **_space(sigmas),
        **_widen_grid(named, config, num_inference_steps),
    }
    built = _build(named.scheduler_class, json.dumps([config, overrides], default=list))
    return copy.deepcopy(built)


def draw_from(scheduler: Scheduler, generator: torch.Generator) -> dict[str, torch.Generator]:
    """Let a scheduler draw from an image's own generator.

    One that walks a Brownian path takes the path of the generator's seed: it wants the noise
    between any two levels to be the same whatever was drawn before.

    Returns:
        What `step` is told.
    """
    drawing: Any = scheduler
    if hasattr(drawing, "noise_sampler_seed"):
        drawing.noise_sampler_seed = generator.initial_seed()
    takes_generator = "generator" in inspect.signature(drawing.step).parameters
    return {"generator": generator} if takes_generator else {}


def _learn_flow(named: NamedScheduler, config: Mapping[str, Any]) -> dict[str, object]:
    """Let a solver of noise models follow a flow, from the same shift on."""
    if named.is_flow or not predicts_flow(config):
        return {}
    shift = config.get("shift", config.get("flow_shift", 1.0))
    return {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": shift}


def _heed(scheduler: Any, layout: Mapping[str, object]) -> dict[str, object]:  # noqa: ANN401
    """Keep of a layout what a scheduler listens to, as diffusers' pipelines do."""
    deaf = {"sigmas"} if scheduler.config.get("use_flow_sigmas") else set[str]()
    if not scheduler.config.get("use_dynamic_shifting"):
        deaf.add("mu")
    return {name: value for name, value in layout.items() if name not in deaf}


def _enter_at_start(scheduler: Any) -> None:  # noqa: ANN401 - diffusers is untyped
    """Spare a scheduler to look its first timestep up: rounding may have made it the second's."""
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)


def _conform(scheduler: Any) -> None:  # noqa: ANN401 - diffusers is untyped
    """Say of a flow scheduler what goes without saying in its pipelines: it scales nothing."""
    if not hasattr(scheduler, "scale_model_input"):
        scheduler.init_noise_sigma = 1.0
        scheduler.scale_model_input = lambda sample, _timestep: sample


@lru_cache(maxsize=128)
def _build(scheduler_class: Any, settings: str) -> Any:  # noqa: ANN401 - diffusers is untyped
    """Build a scheduler once: some take longer over it than a denoising step does."""
    config, overrides = json.loads(settings)
    return scheduler_class.from_config(config, **overrides)


def _space(sigmas: str) -> dict[str, object]:
    """Choose one spacing; the model's own configuration may have chosen another."""
    if sigmas == DEFAULT:
        return {}
    return {flag: name == sigmas for name, flag in SPACING_FLAGS.items()}


def _widen_grid(
    named: NamedScheduler, config: Mapping[str, Any], num_inference_steps: int
) -> dict[str, object]:
    """Give distilled schedulers, which choose their timesteps from a grid, one with enough of them.

    Only a divisor of the training's timesteps lets the first one be the noisiest.
    """
    grid = named.parameters.get(_GRID)
    if grid is None or num_inference_steps <= config.get(_GRID, grid.default):
        return {}
    trained = config["num_train_timesteps"]
    wide = range(num_inference_steps, trained)
    return {_GRID: next((size for size in wide if trained % size == 0), trained)}
