"""What a mask does not mark stays to the byte; what it marks is diffusers' own, also natively."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from tests.unit.engine.requests import (
    check_same_picture,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from tests.unit.engine.stock_tasks import StockImage
from tests.unit.engine.task_requests import MASKED, SIZE_PX, make_mask, make_picture, new_task
from tests.unit.engine.tiny_model import INPAINTER_CHANNELS, save_tiny_model
from worker.engine.composite import FEATHER_PX
from worker.engine.events import Failed, Pixels
from worker.engine.request import ImageRequest, StartPicture


@pytest.fixture(scope="session")
def inpainter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inpainter")
    save_tiny_model(folder, {"prediction_type": "epsilon"}, in_channels=INPAINTER_CHANNELS)
    return folder


def test_only_what_the_mask_marks_changes(tiny: Path) -> None:
    chance = np.random.default_rng(0)
    ragged = (255 * (chance.random((SIZE_PX, SIZE_PX)) < 0.5)).astype(np.uint8)
    starts = {
        "square": StartPicture(pixels=make_picture(1), mask=make_mask(), strength=0.7),
        "ragged": StartPicture(pixels=make_picture(2), mask=ragged, strength=1.0),
        "soft": StartPicture(pixels=make_picture(3), mask=make_picture(4)[..., 0], strength=0.5),
        "nothing": StartPicture(pixels=make_picture(5), mask=0 * ragged, strength=0.9),
        "all": StartPicture(pixels=make_picture(6), mask=0 * ragged + 255, strength=0.9),
    }
    requests = [
        new_request(name, images=(ImageRequest(seed=1, prompt="", negative_prompt="", start=one),))
        for name, one in starts.items()
    ]
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: requests[:3], 2: requests[3:]}))
    for name, start in starts.items():
        assert start.mask is not None
        outside = start.mask < 128
        image = done[name].images[0]
        assert np.array_equal(image[outside], start.pixels[outside]), name
        changed = (image != start.pixels).any(axis=-1)[~outside]
        assert changed.size == 0 or changed.mean() > 0.5, name


def test_inside_the_feather_all_is_as_diffusers_painted_it(tiny: Path) -> None:
    wanted = new_task("inpaint", 3)
    start = wanted.images[0].start
    assert start is not None
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: [wanted]}))
    inner = _shrink(make_mask(), FEATHER_PX)
    painted = StockImage(tiny, wanted, wanted.images[0]).repaint(start)
    check_same_picture(done[wanted.id].images[0][inner], painted[inner])


@pytest.mark.parametrize("scheduler", ["ddim", "euler-a"])
def test_an_inpainting_model_is_shown_the_mask(inpainter: Path, scheduler: str) -> None:
    wanted = [
        new_task(task, number, scheduler=scheduler, num_inference_steps=4 + number, preview_every=1)
        for number, task in enumerate(MASKED)
    ]
    done = finished(run_to_end(new_engine({"tiny": inpainter}), {0: wanted[:1], 2: wanted[1:]}))
    for request in wanted:
        image = request.images[0]
        check_same_picture(done[request.id].images[0], StockImage(inpainter, request, image).make())


def test_an_inpainting_model_wants_a_mask(inpainter: Path) -> None:
    engine = new_engine({"tiny": inpainter})
    requests = [new_request("from noise"), new_task("image-to-image", 1), new_task("inpaint", 2)]
    events = [event for tick in run_to_end(engine, {0: requests}) for event in tick]
    failed = {event.id: event.message for event in events if isinstance(event, Failed)}
    assert set(failed) == {"from noise", "image-to-image"}
    assert all("repaints what a mask marks" in message for message in failed.values())


def _shrink(mask: Pixels, by_px: int) -> npt.NDArray[np.bool_]:
    shrunk = Image.fromarray(mask).filter(ImageFilter.MinFilter(2 * by_px + 1))
    return np.asarray(shrunk).astype(bool)
