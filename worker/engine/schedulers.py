"""The noise schedulers, under the names people know, made from a model's own configuration."""

import copy
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, cast

import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSDEScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedScheduler:
    """What a name promises, whatever the model's own scheduler is.

    Attributes:
        scheduler_class: In diffusers.
        overrides: What the name fixes of the model's own configuration.
        is_random: Draws noise on the way too.
        is_flow: For models that predict a flow alone; of the others, some solvers can learn to.
    """

    scheduler_class: Any
    overrides: Mapping[str, object] = field(default_factory=dict)
    is_random: bool = False
    is_flow: bool = False

    @property
    def spacings(self) -> tuple[str, ...]:
        """How it can space its noise levels."""
        known = inspect.signature(self.scheduler_class.__init__).parameters
        return DEFAULT, *(name for name, flag in _FLAGS.items() if flag in known)

    def fits(self, config: Mapping[str, Any]) -> bool:
        """Whether it follows what a model predicts; `config` is of the model's own scheduler."""
        if not predicts_flow(config):
            return not self.is_flow
        known = inspect.signature(self.scheduler_class.__init__).parameters
        return self.is_flow or ("use_flow_sigmas" in known and not self.is_random)


DEFAULT = "default"  # as the model's own configuration has it
_FLAGS = {name: f"use_{name}_sigmas" for name in ("karras", "exponential", "beta")}
_GRID = "original_inference_steps"
_KEEP_LATENTS = {"clip_sample": False}  # latents leave -1 to 1; only pixels may be clipped
_SECOND_ORDER = {"solver_order": 2, "solver_type": "midpoint"}

SCHEDULERS = {
    "ddpm": NamedScheduler(scheduler_class=DDPMScheduler, overrides=_KEEP_LATENTS, is_random=True),
    "ddim": NamedScheduler(scheduler_class=DDIMScheduler, overrides=_KEEP_LATENTS),
    # Without its Runge-Kutta steps, as Stable Diffusion has always run it.
    "pndm": NamedScheduler(scheduler_class=PNDMScheduler, overrides={"skip_prk_steps": True}),
    "lms": NamedScheduler(scheduler_class=LMSDiscreteScheduler),
    "euler": NamedScheduler(scheduler_class=EulerDiscreteScheduler),
    "euler-a": NamedScheduler(scheduler_class=EulerAncestralDiscreteScheduler, is_random=True),
    "heun": NamedScheduler(scheduler_class=HeunDiscreteScheduler, overrides=_KEEP_LATENTS),
    "dpm2": NamedScheduler(scheduler_class=KDPM2DiscreteScheduler),
    "dpm2-a": NamedScheduler(scheduler_class=KDPM2AncestralDiscreteScheduler, is_random=True),
    "dpm++2m": NamedScheduler(
        scheduler_class=DPMSolverMultistepScheduler,
        overrides={"algorithm_type": "dpmsolver++", **_SECOND_ORDER},
    ),
    "dpm++2m-sde": NamedScheduler(
        scheduler_class=DPMSolverMultistepScheduler,
        overrides={"algorithm_type": "sde-dpmsolver++", **_SECOND_ORDER},
        is_random=True,
    ),
    "dpm++sde": NamedScheduler(scheduler_class=DPMSolverSDEScheduler, is_random=True),
    "deis": NamedScheduler(
        scheduler_class=DEISMultistepScheduler,
        overrides={"algorithm_type": "deis", "solver_type": "logrho"},
    ),
    "unipc": NamedScheduler(
        scheduler_class=UniPCMultistepScheduler, overrides={"solver_type": "bh2"}
    ),
    "lcm": NamedScheduler(scheduler_class=LCMScheduler, overrides=_KEEP_LATENTS, is_random=True),
    "tcd": NamedScheduler(scheduler_class=TCDScheduler, overrides=_KEEP_LATENTS, is_random=True),
    "flow-euler": NamedScheduler(scheduler_class=FlowMatchEulerDiscreteScheduler, is_flow=True),
}
SPACINGS = {name: named.spacings for name, named in SCHEDULERS.items()}


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
        ValueError: No scheduler has this name, it has no such spacing, or the model predicts
            something else than it expects.
    """
    if name not in SCHEDULERS:
        raise ValueError(f"no scheduler {name!r}; there are {', '.join(SCHEDULERS)}")
    named = SCHEDULERS[name]
    if sigmas not in SPACINGS[name]:
        offered = ", ".join(SPACINGS[name])
        raise ValueError(f"scheduler {name} has no sigmas {sigmas!r}; it has {offered}")
    if not named.fits(config):
        fitting = ", ".join(list_schedulers(config))
        raise ValueError(f"scheduler {name} does not fit this model; there are {fitting}")
    overrides = {
        **named.overrides,
        **_learn_flow(named, config),
        **_space(sigmas),
        **_widen_grid(named, config, num_inference_steps),
    }
    built = _build(named.scheduler_class, json.dumps([config, overrides], default=list))
    scheduler: Any = copy.deepcopy(built)
    scheduler.set_timesteps(num_inference_steps, **_heed(scheduler, layout or {}))
    _enter_at_start(scheduler)
    _conform(scheduler)
    return cast("Scheduler", scheduler)


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


def list_schedulers(config: Mapping[str, Any]) -> list[str]:
    """Return the names that fit a model."""
    return [name for name, named in SCHEDULERS.items() if named.fits(config)]


def predicts_flow(config: Mapping[str, Any]) -> bool:
    """Whether a model predicts the way from picture to noise, and not the noise itself.

    Args:
        config: Of the model's own scheduler. Only those that match flows shift.
    """
    return "shift" in config or config.get("prediction_type") == "flow_prediction"


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
    return {flag: name == sigmas for name, flag in _FLAGS.items()}


def _widen_grid(
    named: NamedScheduler, config: Mapping[str, Any], num_inference_steps: int
) -> dict[str, object]:
    """Give distilled schedulers, which choose their timesteps from a grid, one with enough of them.

    Only a divisor of the training's timesteps lets the first one be the noisiest.
    """
    grid = inspect.signature(named.scheduler_class.__init__).parameters.get(_GRID)
    if grid is None or num_inference_steps <= config.get(_GRID, grid.default):
        return {}
    trained = config["num_train_timesteps"]
    wide = range(num_inference_steps, trained)
    return {_GRID: next((size for size in wide if trained % size == 0), trained)}
