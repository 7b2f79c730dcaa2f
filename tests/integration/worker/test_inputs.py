"""Jobs that begin with a picture: it is read before they run, or they fail and say why."""

from collections.abc import Callable

import pytest

from shared.db import set_tenant, transaction
from shared.ids import JobId
from shared.jobs.delete import delete_job
from shared.jobs.status import JobStatus
from tests.integration.worker.conftest import Tenant
from worker.parts import Parts
from worker.run_shift import run_shift

SIZE = {"width": 64, "height": 64}


def from_picture(tenant: Tenant, source: JobId) -> JobId:
    return tenant.submit(
        task="image-to-image", image={"job": source, "index": 0}, strength=0.5, **SIZE
    )


def make_source(tenant: Tenant, parts: Parts) -> tuple[JobId, str]:
    """Make a picture; returns its job, and where it lies in the store."""
    source = tenant.submit(**SIZE)
    run_shift(parts)
    [image] = tenant.images(source)
    return source, image.key


def test_a_job_begins_with_a_picture_of_another(tenant: Tenant, parts: Parts) -> None:
    source, _ = make_source(tenant, parts)
    job_id = from_picture(tenant, source)
    run_shift(parts)
    assert tenant.job(job_id).status is JobStatus.SUCCEEDED
    [made], [begun] = tenant.images(job_id), tenant.images(source)
    assert made.receipt is not None
    assert begun.receipt is not None
    assert made.receipt["inputs_sha256"] == {"image": begun.receipt["pixels_sha256"]}


def _lose(tenant: Tenant, parts: Parts, source: JobId, key: str) -> None:
    parts.store.delete_prefix(key.rpartition("/")[0] + "/")


def _forget(tenant: Tenant, parts: Parts, source: JobId, key: str) -> None:
    with transaction(tenant.api) as session:
        set_tenant(session, tenant.tenant_id)
        delete_job(session, tenant.tenant_id, source, 60)


def _tear(tenant: Tenant, parts: Parts, source: JobId, key: str) -> None:
    parts.store.put(key, parts.store.get(key)[:200], "image/png")


@pytest.mark.parametrize(
    ("harm", "code"),
    [(_lose, "input-missing"), (_forget, "input-missing"), (_tear, "input-unreadable")],
)
def test_a_picture_that_is_gone_or_broken_fails_its_job_alone(
    tenant: Tenant, parts: Parts, harm: Callable[[Tenant, Parts, JobId, str], None], code: str
) -> None:
    source, key = make_source(tenant, parts)
    job_id, other = from_picture(tenant, source), tenant.submit(**SIZE)
    harm(tenant, parts, source, key)
    run_shift(parts)
    job = tenant.job(job_id)
    assert (job.status, job.error_code, job.is_retryable) == (JobStatus.FAILED, code, False)
    assert (job.cost_settled, job.attempt) == (0, 1)
    assert "'image'" in (job.error_message or "")
    assert tenant.job(other).status is JobStatus.SUCCEEDED
