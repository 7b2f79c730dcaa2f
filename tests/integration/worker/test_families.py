"""Models of other families beside `mini` in one worker: pictures, progress and cancels of each."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from shared.jobs.status import JobStatus
from tests.integration.worker.conftest import Shift, Tenant, eventually
from tests.servers import make_settings
from tests.tiny_catalog import CATALOG, make_tiny_catalog
from tests.unit.engine.requests import check_same_picture, new_request
from tests.unit.engine.stock_family import stock_image
from tests.unit.engine.tiny.families import make_sdxl, save_tiny
from tests.unit.engine.tiny.whole import make_aura_flow
from worker.engine.weights_hash import weights_hash
from worker.make_engine import ModelShelf, make_shelf
from worker.parts import Parts
from worker.run_shift import run_shift

SIZE = {"width": 64, "height": 64}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("families")
    save_tiny(make_sdxl, folder / "xl")
    save_tiny(make_aura_flow, folder / "aura")
    path = make_tiny_catalog(folder)
    path.write_text(path.read_text() + _entry("xl", "sdxl", "ddim") + _entry("aura", "whole"))
    return path


@pytest.fixture(scope="module")
def shelf(catalog: Path) -> ModelShelf:
    return make_shelf(make_settings(catalog=catalog, device="cpu", slots=4))


def _entry(name: str, family: str, scheduler: str = "flow-euler") -> str:
    text = CATALOG.read_text().replace('"mini"', f'"{name}"').replace('"sd15"', f'"{family}"')
    text = re.sub(r"schedulers = \[[^]]*\]", f'schedulers = ["{scheduler}"]', text, count=1)
    return re.sub(
        r'^scheduler = ".*"', f'scheduler = "{scheduler}"', text, count=1, flags=re.MULTILINE
    )


def test_each_family_makes_its_pictures_in_one_shift(
    tenant: Tenant, parts: Parts, catalog: Path
) -> None:
    jobs = {name: tenant.submit(model=name, seed=5, **SIZE) for name in ("xl", "aura", "mini")}
    run_shift(parts)
    for name, job_id in jobs.items():
        (image,) = tenant.images(job_id)
        assert tenant.job(job_id).status is JobStatus.SUCCEEDED
        assert image.receipt is not None
        assert weights_hash(catalog.parent / name) in json.dumps(image.receipt)
        picture = np.asarray(Picture.open(io.BytesIO(parts.store.get(image.key))))
        if name == "mini":
            continue
        request = tenant.job(job_id).request
        asked = new_request(
            name,
            scheduler=request["scheduler"],
            seeds=(5,),
            num_inference_steps=request["num_inference_steps"],
            guidance_scale=request["guidance_scale"],
        )
        check_same_picture(picture, stock_image(name, catalog.parent / name, asked))


def test_a_whole_pipeline_tells_its_steps_and_stops_at_a_cancel(
    tenant: Tenant, slow_parts: Parts, start_shift: Callable[[Parts], Shift]
) -> None:
    job_id = tenant.submit(model="aura", num_inference_steps=100, **SIZE)
    start_shift(slow_parts)
    eventually(lambda: [data for kind, data in tenant.events(job_id) if kind == "progress"])
    tenant.cancel(job_id)
    tenant.wait_for(job_id, JobStatus.CANCELED)
    (record,) = tenant.usage(job_id)
    assert 0 < record.pixel_steps < 100 * 64 * 64
