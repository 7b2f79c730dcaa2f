"""The shared forward pass: images at different steps, with different schedulers, in one batch."""

from collections.abc import Callable, Sequence

import torch

from worker.engine.guidance import guide
from worker.engine.halve import run_in_halves
from worker.engine.model import LoadedModel
from worker.engine.trajectory import Trajectory


def predict_noise(
    model: LoadedModel,
    trajectories: Sequence[Trajectory],
    on_out_of_memory: Callable[[int], None],
) -> None:
    """Predict the noise of every trajectory in one pass and guide each by its own scale.

    Nothing but `noise_pred` changes, so a pass that raised may be taken again. Where memory runs
    out, its halves are.

    Args:
        model: Of all of them.
        trajectories: Those that share the pass.
        on_out_of_memory: Told of each number of rows that there was no memory for.
    """
    num_rows = [trajectory.conditioning.num_rows for trajectory in trajectories]
    latents = torch.cat(
        [
            trajectory.model_input().expand(rows, -1, -1, -1)
            for trajectory, rows in zip(trajectories, num_rows, strict=True)
        ]
    )  # (B, C, H/8, W/8)
    timesteps = torch.cat(
        [
            trajectory.timestep.float().expand(rows)  # some schedulers count in fractions
            for trajectory, rows in zip(trajectories, num_rows, strict=True)
        ]
    )  # (B,)
    conditioning = {
        name: torch.cat([trajectory.conditioning.rows[name] for trajectory in trajectories])
        for name in trajectories[0].conditioning.rows
    }  # each (B, ...)
    timesteps = timesteps.to(latents.device)

    def _run(part: slice) -> torch.Tensor:
        told = {name: rows[part] for name, rows in conditioning.items()}
        return model.predict_noise(latents[part], timesteps[part], told)

    noise_pred = torch.cat(run_in_halves(_run, len(latents), on_out_of_memory))
    for trajectory, rows in zip(trajectories, torch.split(noise_pred, num_rows), strict=True):
        trajectory.noise_pred = guide(rows, trajectory.conditioning.guidance_scale)


def are_finite(shares: Sequence[Sequence[Trajectory]]) -> list[bool]:
    """Say of each group of trajectories whether its latents are numbers.

    The device is asked once for all: each question would wait for it.
    """
    if not shares:
        return []
    answers = [
        torch.cat([trajectory.latents for trajectory in share]).isfinite().all() for share in shares
    ]
    finite: list[bool] = torch.stack(answers).tolist()
    return finite
