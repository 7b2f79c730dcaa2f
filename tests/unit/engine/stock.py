"""What stock diffusers is told for each name: written by hand, so that our own table is checked."""

from collections.abc import Mapping
from typing import Any

import diffusers

from worker.engine.request import GenerationRequest, ImageRequest

STOCK: dict[str, tuple[str, dict[str, Any]]] = {
    "ddpm": ("DDPMScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "lms": ("LMSDiscreteScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpm2-a": ("KDPM2AncestralDiscreteScheduler", {}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm++sde": ("DPMSolverSDEScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}
FLOW = {"flow-euler": ("FlowMatchEulerDiscreteScheduler", dict[str, Any]())}
FOLLOW_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
ALL_SPACINGS = ("default", "karras", "exponential", "beta")
SPACED = frozenset(
    {"lms", "euler", "heun", "dpm2", "dpm2-a", "dpm++2m", "dpm++2m-sde", "dpm++sde", "deis"}
    | {"unipc", "flow-euler"}
)
# What the pipeline itself is told: its own eta of 0 would make TCD what it is not.
CALL: dict[str, dict[str, Any]] = {"tcd": {"eta": 0.3}}
GRID_STEPS, WIDE_GRID_STEPS = 50, 100  # where a distilled scheduler's grid ends, and the next one


def stock_scheduler(
    request: GenerationRequest, image: ImageRequest, config: Mapping[str, Any]
) -> Any:
    class_name, changes = (STOCK | FLOW)[request.scheduler]
    if "shift" in config and request.scheduler not in FLOW:
        changes = changes | FOLLOW_FLOW | {"flow_shift": config["shift"]}
    if request.sigmas != "default":
        changes = changes | {f"use_{request.sigmas}_sigmas": True}
    if request.scheduler == "dpm++sde":
        changes = changes | {"noise_sampler_seed": image.seed}
    if request.scheduler in {"lcm", "tcd"} and request.num_inference_steps > GRID_STEPS:
        changes = changes | {"original_inference_steps": WIDE_GRID_STEPS}
    return getattr(diffusers, class_name).from_config(config, **changes)


def enter_at_start(scheduler: Any) -> Any:
    """Spare the scheduler the look-up that fails where rounding makes two timesteps equal."""
    lay_out = scheduler.set_timesteps

    def set_timesteps(*arguments: Any, **named: Any) -> None:
        lay_out(*arguments, **named)
        scheduler.set_begin_index(0)

    scheduler.set_timesteps = set_timesteps
    return scheduler
