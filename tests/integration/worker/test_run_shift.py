"""A shift from claim to end: what is stored, written, told and left behind."""

import hashlib
import io
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from shared.images.keys import attempt_prefix
from shared.jobs.status import JobStatus
from tests.integration.worker.conftest import Shift, StartWorker, Tenant, eventually
from tests.servers import make_settings
from tests.tiny_catalog import ABSENT
from worker.make_engine import make_shelf
from worker.parts import Parts
from worker.run_shift import run_shift

StartShift = Callable[[Parts], Shift]
IMAGE_DESCRIPTION = 0x010E
LONG = {"num_inference_steps": 60}


def test_every_job_ends_with_its_pictures(tenant: Tenant, parts: Parts) -> None:
    jobs = [tenant.submit(seed=7 * k, num_images=k + 1, width=64, height=96) for k in range(6)]
    run_shift(parts)
    for k, job_id in enumerate(jobs):
        job, images = tenant.job(job_id), tenant.images(job_id)
        assert (job.status, job.attempt, job.lost_attempts) == (JobStatus.SUCCEEDED, 1, 0)
        assert [image.seed for image in images] == list(range(7 * k, 8 * k + 1))
        for image in images:
            data = parts.store.get(image.key)
            assert image.key.startswith(attempt_prefix(tenant.tenant_id, job_id, 1))
            assert (len(data), hashlib.sha256(data).hexdigest()) == (image.size_bytes, image.sha256)
            assert Picture.open(io.BytesIO(data)).size == (64, 96)
        (record,) = tenant.usage(job_id)
        assert (record.end_status, record.pixel_steps) == ("succeeded", job.cost_reserved)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("metadata", [True, False])
def test_a_picture_says_how_it_was_made(
    tenant: Tenant, parts: Parts, image_format: str, metadata: bool
) -> None:
    output = {"format": image_format, "quality": 80, "metadata": metadata}
    job_id = tenant.submit(prompt="ein rotes Stück ♥", seed=5, num_images=2, output=output)
    run_shift(parts)
    second = next(image for image in tenant.images(job_id) if image.index == 1)
    picture = Picture.open(io.BytesIO(parts.store.get(second.key)))
    picture.load()
    assert picture.format == image_format.upper()
    chunks: Any = picture.info
    description: Any = picture.getexif().get(IMAGE_DESCRIPTION)
    if not metadata:
        assert "prompt" not in chunks
        assert description is None
        return
    made_from = chunks if image_format == "png" else json.loads(description)
    assert made_from["prompt"] == "ein rotes Stück ♥"
    assert int(made_from["seed"]) == 6


def test_the_stream_tells_the_way_in_order(tenant: Tenant, parts: Parts) -> None:
    job_id = tenant.submit(num_inference_steps=6)
    run_shift(parts)
    events = eventually(lambda: (said := tenant.events(job_id)) and said[-1][0] == "done" and said)
    kinds = [kind for kind, _ in events]
    assert kinds[0] == "status"
    assert kinds.count("done") == 1
    told = [json.loads(data) for kind, data in events if kind == "progress"]
    assert [one["step"] for one in told] == [1, 2, 3, 4, 5, 6]
    assert told[2] == {"step": 3, "steps": 6, "fraction": 0.5}
    previews = [json.loads(data) for kind, data in events if kind == "preview"]
    assert len(previews) == 2
    small = Picture.open(io.BytesIO(b64decode(previews[0]["image"])))
    assert small.size == (previews[0]["width"], previews[0]["height"])
    assert json.loads(events[-1][1]) == {"status": "succeeded"}


def test_a_stream_is_not_told_more_often_than_is_asked(
    tenant: Tenant, start_worker: StartWorker
) -> None:
    job_id = tenant.submit(num_inference_steps=20)
    run_shift(start_worker(progress_interval_s=3600))
    events = eventually(lambda: (said := tenant.events(job_id)) and said[-1][0] == "done" and said)
    told = [json.loads(data)["step"] for kind, data in events if kind == "progress"]
    assert told == [1, 20]
    assert [kind for kind, _ in events].count("preview") == 1


def test_what_was_cut_from_a_prompt_is_said(tenant: Tenant, parts: Parts) -> None:
    job_id = tenant.submit(prompt="word " * 100)
    run_shift(parts)
    assert [one.partition(":")[0] for one in tenant.job(job_id).warnings] == ["prompt-truncated"]


def test_jobs_that_arrive_late_join_the_shift(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    first = tenant.submit(**LONG)
    shift = start_shift(slow_parts)
    eventually(lambda: tenant.job(first).progress_step > 0)
    second = tenant.submit(num_inference_steps=2)
    slow_parts.ring()
    tenant.wait_for(second, JobStatus.SUCCEEDED)
    assert tenant.job(first).status is JobStatus.RUNNING
    shift.join()
    assert tenant.job(first).status is JobStatus.SUCCEEDED


def test_no_more_is_claimed_than_there_are_slots(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    jobs = [tenant.submit(**LONG) for _ in range(6)]
    shift = start_shift(slow_parts)
    eventually(lambda: tenant.job(jobs[0]).progress_step > 0)
    statuses = [tenant.job(job_id).status for job_id in jobs]
    assert statuses == [JobStatus.RUNNING] * 4 + [JobStatus.QUEUED] * 2
    shift.join()
    assert {tenant.job(job_id).status for job_id in jobs} == {JobStatus.SUCCEEDED}


def test_a_canceled_job_stops_and_pays_its_steps(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    unwanted, wanted = tenant.submit(**LONG), tenant.submit(**LONG)
    shift = start_shift(slow_parts)
    eventually(lambda: tenant.job(unwanted).progress_step > 0)
    tenant.cancel(unwanted)
    shift.join()
    job = tenant.job(unwanted)
    assert job.status is JobStatus.CANCELED
    assert job.cost_settled is not None
    assert 0 < job.cost_settled == job.cost_reserved * job.progress_step // 60
    assert job.progress_step < 60
    assert not tenant.images(unwanted)
    assert tenant.job(wanted).status is JobStatus.SUCCEEDED


def test_a_model_that_is_not_here_fails_its_jobs_alone(tenant: Tenant, parts: Parts) -> None:
    absent, present = tenant.submit(model=ABSENT), tenant.submit()
    run_shift(parts)
    job = tenant.job(absent)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "model-unavailable")
    assert job.is_retryable
    assert job.cost_settled == 0
    assert tenant.job(present).status is JobStatus.SUCCEEDED


def test_a_model_too_large_for_the_device_is_refused_before_it_is_loaded(
    tenant: Tenant, parts: Parts, catalog: Path
) -> None:
    small = make_shelf(make_settings(catalog=catalog, device="cpu", slots=4, memory_limit_bytes=1))
    small.load_pool()
    assert small.loaded == ()
    job_id = tenant.submit()
    run_shift(replace(parts, shelf=small))
    job = tenant.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "model-unavailable")
    assert job.error_message is not None
    assert "MB are free" in job.error_message
    assert job.is_retryable is False


def test_passes_are_measured_once_and_kept(tenant: Tenant, parts: Parts, tmp_path: Path) -> None:
    settings = parts.settings.model_copy(update={"max_rows": None, "profiles": tmp_path / "new"})
    measuring = replace(parts, shelf=make_shelf(settings))
    jobs = [tenant.submit(width=width, num_inference_steps=2) for width in (64, 96, 64)]
    run_shift(measuring)
    assert {tenant.job(job_id).status for job_id in jobs} == {JobStatus.SUCCEEDED}
    assert len(list((tmp_path / "new").glob("*.json"))) == 2


def test_a_shift_without_redis_goes_on_polling(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    nowhere = type(tenant.settings.redis_url)("redis://127.0.0.1:1/0")
    parts = start_worker(redis_url=nowhere, cache_url=nowhere)
    eventually(lambda: not parts.listener.is_reachable)
    shift = start_shift(parts)
    for _ in range(2):
        tenant.wait_for(tenant.submit(num_inference_steps=2), JobStatus.SUCCEEDED)
        shift.thread.join(parts.settings.shift_linger_s * 2)
        assert shift.thread.is_alive()
    parts.drain.raise_here()
    shift.join()


def test_a_job_that_found_no_slot_is_claimed_once_one_is_free(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    parts = start_worker(claim_interval_s=1000)  # nothing but a freed slot makes it look again
    jobs = [tenant.submit() for _ in range(9)]
    shift = start_shift(parts)
    for job_id in jobs:
        tenant.wait_for(job_id, JobStatus.SUCCEEDED)
    parts.drain.raise_here()
    parts.wake.set()
    shift.join()
