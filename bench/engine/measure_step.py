"""R3: a tick of the engine at batch B beside one bare denoiser forward at batch B."""

import time
from collections.abc import Callable
from typing import Any

from bench.report import Figure, at_most, plain

ROWS = (1, 2, 4, 8, 16)
ROUNDS = 25
GOAL = 1.05
NUM_INFERENCE_STEPS = 999  # nothing may end while it is measured
SCHEDULERS = ("ddim", "euler", "dpm++2m")
PROMPT = "a red circle left of a blue square on a yellow background"
Work = Callable[[], object]


def measure_step(pipeline: Any) -> list[Figure]:  # noqa: ANN401 - diffusers is untyped
    """Alternate both sides on the pipeline's own weights and device; t(B) is the bare forward."""
    figures = []
    for rows in ROWS:
        tick, forward = make_tick(pipeline, rows), make_forward(pipeline, rows)
        for warm_up in (tick, forward, tick, forward):
            warm_up()
        pairs = [
            (_elapsed_ms(tick, pipeline.device), _elapsed_ms(forward, pipeline.device))
            for _round in range(ROUNDS)
        ]
        ratios = [tick_ms / forward_ms for tick_ms, forward_ms in pairs]
        figures += [
            plain(f"t({rows}), bare forward", "ms", [forward_ms for _tick_ms, forward_ms in pairs]),
            at_most(f"engine tick / bare forward, {rows} rows", "", ratios, GOAL),
        ]
    return figures


def make_tick(pipeline: Any, rows: int) -> Work:  # noqa: ANN401
    """Return a tick over so many rows: strangers with guidance, or one without for a single row."""
    import torch  # noqa: PLC0415 - after the environment that its threads read

    from worker.engine.engine import Engine  # noqa: PLC0415
    from worker.engine.families.sd15 import StableDiffusion1  # noqa: PLC0415
    from worker.engine.preview import fit_painter  # noqa: PLC0415
    from worker.engine.request import (  # noqa: PLC0415
        GenerationRequest,
        ImageRequest,
        Priority,
    )

    model = StableDiffusion1(pipeline, fit_painter(pipeline.vae))
    engine = Engine(
        lambda _name: model, torch.device(pipeline.device), pipeline.unet.dtype, max_slots=rows
    )
    engine.load("measured")
    size_px = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    for number in range(max(rows // 2, 1)):
        request = GenerationRequest(
            id=str(number),
            tenant=str(number),
            priority=Priority.NORMAL,
            model="measured",
            width_px=size_px,
            height_px=size_px,
            num_inference_steps=NUM_INFERENCE_STEPS,
            guidance_scale=2.5 if rows > 1 else 1.0,
            scheduler=SCHEDULERS[number % len(SCHEDULERS)],
            sigmas="default",
            images=(ImageRequest(seed=number, prompt=PROMPT, negative_prompt=""),),
            second_pass=None,
            is_alone=False,
            preview_every=0,
        )
        engine.admit(request)
    return engine.step


def make_forward(pipeline: Any, rows: int) -> Work:  # noqa: ANN401
    """Return one call of the denoiser on inputs that lie ready."""
    import torch  # noqa: PLC0415

    unet, device = pipeline.unet, pipeline.device
    shape = (rows, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
    latents = torch.randn(shape, device=device, dtype=unet.dtype)
    timesteps = torch.linspace(10, 900, rows, device=device)
    with torch.inference_mode():
        prompt = pipeline.encode_prompt(PROMPT, device, rows, do_classifier_free_guidance=False)[0]

    @torch.inference_mode()
    def forward() -> object:
        return unet(latents, timesteps, encoder_hidden_states=prompt, return_dict=False)

    return forward


def _elapsed_ms(work: Work, device: Any) -> float:  # noqa: ANN401
    """Time a call: on a GPU by the wall, on a CPU by its own seconds, which nobody else takes."""
    if device.type == "cpu":
        start_s = time.process_time()
        work()
        return (time.process_time() - start_s) * 1000
    import torch  # noqa: PLC0415

    torch.cuda.synchronize(device)
    start_s = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return (time.perf_counter() - start_s) * 1000
