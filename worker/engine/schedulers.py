"""The noise schedulers, under the names people know, made from a model's own configuration."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        is_flow: For models that predict a flow; the others are for those that predict noise.
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
    sigmas: str = DEFAULT,
    **layout: object,
) -> Scheduler:
    """Build a scheduler and lay out its timesteps.

    Args:
        name: A key of `SCHEDULERS`.
        config: The model's scheduler configuration as its pipeline corrects it (`steps_offset` 1).
        num_inference_steps: Steps asked for. `timesteps` has more where a step takes two forward
            passes, and one more where diffusers rounds so.
        sigmas: Spacing of the noise levels, one of the name's `SPACINGS`.
        layout: What the model's family adds when the timesteps are laid out.

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
    if named.is_flow != predicts_flow(config):
        fitting = ", ".join(list_schedulers(config))
        raise ValueError(f"scheduler {name} does not fit this model; there are {fitting}")
    overrides = {
        **named.overrides,
        **_space(sigmas),
        **_widen_grid(named, config, num_inference_steps),
    }
    scheduler = cast("Scheduler", named.scheduler_class.from_config(config, **overrides))
    scheduler.set_timesteps(num_inference_steps, **layout)
    return scheduler


def list_schedulers(config: Mapping[str, Any]) -> list[str]:
    """Return the names that fit a model."""
    is_flow = predicts_flow(config)
    return [name for name, named in SCHEDULERS.items() if named.is_flow == is_flow]


def predicts_flow(config: Mapping[str, Any]) -> bool:
    """Whether a model predicts the way from picture to noise, and not the noise itself.

    Args:
        config: Of the model's own scheduler. Only those that match flows shift.
    """
    return "shift" in config or config.get("prediction_type") == "flow_prediction"


def compute_shift(config: Mapping[str, Any], num_patches: int) -> float:
    """Return how far a flow model's noise levels are shifted up for a picture, `mu` in diffusers.

    Args:
        config: Of the model's own scheduler.
        num_patches: Tokens that the picture is for the model.

    Source: `calculate_shift` of diffusers: a line through two points of the configuration.
    """
    low, high = config["base_image_seq_len"], config["max_image_seq_len"]
    slope = (config["max_shift"] - config["base_shift"]) / (high - low)
    return float(config["base_shift"] + slope * (num_patches - low))


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
