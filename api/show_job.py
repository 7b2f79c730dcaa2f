"""From a job's row to what its tenant sees of it."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.image_links import make_link
from api.parts import Parts
from api.schemas.jobs import (
    CostView,
    ImageView,
    JobErrorView,
    JobView,
    ProgressView,
    QueueView,
    WaitingFor,
)
from shared.clock import utc_now
from shared.ids import JobId, TenantId
from shared.images.table import Image
from shared.jobs.list_positions import list_positions
from shared.jobs.queries import get_job, list_images
from shared.jobs.status import JobStatus
from shared.jobs.table import Job, WorkerRow
from shared.usage.price import PIXEL_STEPS_PER_UNIT, UNIT

_MIN_STEPS_FOR_ETA = 2


def read_job(session: Session, parts: Parts, tenant_id: TenantId, job_id: JobId) -> JobView:
    """Return one job as its tenant sees it now.

    Raises:
        NotFound: The tenant has no such job.
    """
    return show_job(session, parts, get_job(session, tenant_id, job_id))


def show_job(session: Session, parts: Parts, job: Job) -> JobView:
    """Return the view of one job."""
    return show_jobs(session, parts, TenantId(job.tenant_id), [job])[0]


def show_jobs(
    session: Session, parts: Parts, tenant_id: TenantId, jobs: Sequence[Job]
) -> list[JobView]:
    """Return the views of several jobs of one tenant, in their order."""
    finished = [JobId(job.id) for job in jobs if job.status is JobStatus.SUCCEEDED]
    images = list_images(session, tenant_id, finished) if finished else {}
    is_any_queued = any(job.status is JobStatus.QUEUED for job in jobs)
    workers = parts.live_workers.recent(session) if is_any_queued else []
    positions = list_positions(session, tenant_id, jobs)
    return [
        _view(
            parts,
            job,
            images.get(JobId(job.id), []),
            QueueView(
                position=positions.get(JobId(job.id)),
                eta_seconds=_eta_s(job),
                waiting_for=_waiting_for(job, workers),
            ),
        )
        for job in jobs
    ]


def _view(parts: Parts, job: Job, images: Sequence[Image], queue: QueueView) -> JobView:
    settled = job.cost_settled
    return JobView(
        id=job.id,
        status=job.status,
        task=job.task,
        model=job.model,
        request=job.request,
        progress=ProgressView(
            step=job.progress_step,
            steps=job.num_steps,
            fraction=round(job.progress_step / job.num_steps, 4),
        ),
        queue=queue,
        cost=CostView(
            reserved=job.cost_reserved / PIXEL_STEPS_PER_UNIT,
            settled=None if settled is None else settled / PIXEL_STEPS_PER_UNIT,
            unit=UNIT,
        ),
        images=[_image_view(parts, image) for image in images],
        warnings=job.warnings,
        error=_error_view(job),
        attempts=job.attempt,
        metadata=job.labels,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _image_view(parts: Parts, image: Image) -> ImageView:
    link = make_link(parts, image, utc_now())
    return ImageView(
        id=image.id,
        index=image.index,
        kind=image.kind,
        seed=image.seed,
        width=image.width_px,
        height=image.height_px,
        format=image.format,
        bytes=image.size_bytes,
        sha256=image.sha256,
        url=link.url,
        url_expires_at=link.expires_at,
    )


def _error_view(job: Job) -> JobErrorView | None:
    if job.error_code is None:
        return None
    return JobErrorView(
        code=job.error_code,
        message=job.error_message or "",
        retryable=bool(job.is_retryable),
    )


def _waiting_for(job: Job, workers: Sequence[WorkerRow]) -> WaitingFor | None:
    if job.status is not JobStatus.QUEUED:
        return None
    serving = [worker for worker in workers if worker.pool == job.pool]
    if not serving:
        return "workers"
    is_loaded = any(job.model in worker.models for worker in serving)
    return None if is_loaded else "model-load"


def _eta_s(job: Job) -> float | None:
    """Return how long a running job will still take at the speed of its steps so far."""
    is_measured = job.status is JobStatus.RUNNING and job.progress_step >= _MIN_STEPS_FOR_ETA
    if not is_measured or job.started_at is None:
        return None
    spent_s = (utc_now() - job.started_at).total_seconds()
    return round(max(spent_s, 0) / job.progress_step * (job.num_steps - job.progress_step), 1)
