"""The noise schedulers of diffusers, under the names people know."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What its configuration can say."""
        return inspect.signature(self.scheduler_class.__init__).parameters

    @property
    def spacings(self) -> tuple[str, ...]:
        """How it can space its noise levels."""
        known = self.parameters
        return DEFAULT, *(name for name, flag in SPACING_FLAGS.items() if flag in known)

    def fits(self, config: Mapping[str, Any]) -> bool:
        """Whether it follows what a model predicts; `config` is of the model's own scheduler."""
        if not predicts_flow(config):
            return not self.is_flow
        return self.is_flow or ("use_flow_sigmas" in self.parameters and not self.is_random)

    def list_spacings(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Return how it can space the noise levels of a model: on flows, solvers have one way."""
        if predicts_flow(config) and not self.is_flow:
            return (DEFAULT,)
        return self.spacings


DEFAULT = "default"  # as the model's own configuration has it
SPACING_FLAGS = {name: f"use_{name}_sigmas" for name in ("karras", "exponential", "beta")}
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


def list_schedulers(config: Mapping[str, Any]) -> list[str]:
    """Return the names that fit a model."""
    return [name for name, named in SCHEDULERS.items() if named.fits(config)]


def predicts_flow(config: Mapping[str, Any]) -> bool:
    """Whether a model predicts the way from picture to noise, and not the noise itself.

    Args:
        config: Of the model's own scheduler. Only those that match flows shift.
    """
    return "shift" in config or config.get("prediction_type") == "flow_prediction"
