"""Every scheduler that can follow a flow, on the flow families: exact, and with previews."""

from pathlib import Path

import pytest
import torch

from tests.unit.engine.requests import CPU, check_same_picture, finished, new_request, run_to_end
from tests.unit.engine.stock_family import stock_image
from tests.unit.engine.tiny.families import FAMILIES, save_tiny
from worker.engine.engine import Engine
from worker.engine.events import StepDone
from worker.engine.loading import load_model

SPACED_NAMES = [("dpm++2m", "default"), ("deis", "default"), ("unipc", "default")]
SPACED_NAMES += [("flow-euler", sigmas) for sigmas in ("default", "karras", "exponential", "beta")]


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_each_in_company_equals_its_pipeline_and_shows_what_is_coming(
    family: str, tmp_path: Path
) -> None:
    save_tiny(FAMILIES[family], tmp_path)
    engine = Engine(
        lambda _: load_model(tmp_path, family, CPU, torch.float32), CPU, torch.float32, 8
    )
    engine.load("tiny")
    wanted = [
        new_request(
            f"{name} {sigmas}",
            scheduler=name,
            sigmas=sigmas,
            num_inference_steps=3 + number % 3,
            seeds=(number,),
            preview_every=1,
        )
        for number, (name, sigmas) in enumerate(SPACED_NAMES)
    ]
    ticks = run_to_end(engine, {number: [request] for number, request in enumerate(wanted)})

    done = finished(ticks)
    for request in wanted:
        check_same_picture(done[request.id].images[0], stock_image(family, tmp_path, request))
    events = [event for tick in ticks for event in tick if isinstance(event, StepDone)]
    shown = [event.id for event in events if event.preview is not None]
    assert len(shown) == sum(request.num_inference_steps - 1 for request in wanted)
