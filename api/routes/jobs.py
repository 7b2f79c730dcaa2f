"""`/v1/jobs`: make, read, cancel, delete, repeat."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from api.answer_deleted import DeletedResponse
from api.answer_job import JobAnswer
from api.deps import Access, PartsOf, ReadsJobs, SubscriberOf, WritesJobs
from api.etag import is_unchanged, job_etag
from api.inline_pictures import Asked, AskedOf
from api.intent import Intent, IntentOf
from api.openapi import Responses, describe_problems
from api.parts import Parts
from api.schemas.jobs import JobView
from api.show_job import show_job
from api.strict_route import StrictRoute
from api.tell import tell_canceled, tell_deleted
from shared.db import after_commit
from shared.ids import JobId
from shared.jobs.cancel import cancel_job
from shared.jobs.delete import delete_job
from shared.jobs.queries import get_job
from shared.jobs.requests import JOB_REQUEST
from shared.jobs.status import END_STATUSES, JobStatus
from shared.jobs.submit import Submission, Submitted, submit_job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)

Prefer = Annotated[
    str | None,
    Header(description="`wait=N` (1 to 60 s) holds the answer until the job ends."),
]
_MAKES = describe_problems(
    "malformed-json",
    "unsupported-media-type",
    "payload-too-large",
    "unknown-model",
    "unsupported-parameter",
    "input-not-found",
    "invalid-image",
    "unsupported-image",
    "image-too-large",
    "picture-unreachable",
    "quota-exceeded",
    "idempotency-key-invalid",
    "idempotency-key-reused",
)
_MADE: Responses = {
    200: {"model": JobView, "description": "This Idempotency-Key made the job before."},
    201: {"model": JobView, "description": "The job ended within the preferred wait."},
    202: {"model": JobView, "description": "The job is queued."},
}


@router.post("", status_code=202, response_model=JobView, responses=_MADE | _MAKES)
def create_job(
    asked: AskedOf,
    access: WritesJobs,
    parts: PartsOf,
    subscriber: SubscriberOf,
    intent: IntentOf,
    prefer: Prefer = None,
) -> Response:
    """Queue a job. The answer says that it is stored for good."""
    submitted = _submit(access, parts, asked, intent)
    return _answer_made(access, parts, subscriber, submitted).now_or_held(
        access.session, submitted.job, prefer
    )


@router.get(
    "/{job_id}",
    response_model=JobView,
    responses=describe_problems("not-found") | {304: {"description": "Nothing changed."}},
)
def read_one_job(
    job_id: str,
    access: ReadsJobs,
    parts: PartsOf,
    subscriber: SubscriberOf,
    if_none_match: Annotated[str | None, Header()] = None,
    prefer: Prefer = None,
) -> Response:
    """Show one job; `Prefer: wait=N` holds the answer until it ends."""

    def respond(view: JobView, headers: Mapping[str, str]) -> Response:
        etag = job_etag(view, parts.settings.image_link_lifetime_s)
        shown = {"ETag": etag, "Cache-Control": "private, no-cache", **headers}
        if is_unchanged(etag, if_none_match):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=shown)
        return _json(view, HTTPStatus.OK, shown)

    job = get_job(access.session, access.caller.tenant_id, JobId(job_id))
    answer = JobAnswer(parts, subscriber, access.caller.tenant_id, respond)
    return answer.now_or_held(access.session, job, prefer)


@router.post(
    "/{job_id}/cancel",
    response_model=JobView,
    responses=describe_problems("not-found", "job-ended")
    | {202: {"model": JobView, "description": "It runs, and stops at its next step."}},
)
def cancel_one_job(job_id: str, access: WritesJobs, parts: PartsOf) -> Response:
    """Cancel a job: at once while it is queued, at its next step while it runs."""
    job = cancel_job(access.session, access.caller.tenant_id, JobId(job_id))
    pool, view = job.pool, show_job(access.session, parts, job)
    if job.status is JobStatus.CANCELED:
        tell_canceled(access.session, parts, JobId(job_id))
        return _json(view, HTTPStatus.OK)
    after_commit(access.session, lambda: parts.doorbell.ring(pool))
    return _json(view, HTTPStatus.ACCEPTED)


@router.delete("/{job_id}", status_code=204, responses=describe_problems("not-found"))
def delete_one_job(job_id: str, access: WritesJobs, parts: PartsOf) -> Response:
    """Cancel the job if need be, then remove its prompt and pictures for good."""
    tenant_id = access.caller.tenant_id
    pool = get_job(access.session, tenant_id, JobId(job_id)).pool
    grace_s = parts.settings.orphan_grace_s
    prefix = delete_job(access.session, tenant_id, JobId(job_id), grace_s)
    tell_deleted(access.session, parts, JobId(job_id))
    after_commit(access.session, lambda: parts.doorbell.ring(pool))
    return DeletedResponse(parts, prefix)


@router.post(
    "/{job_id}/retry",
    status_code=202,
    response_model=JobView,
    responses=_MADE | _MAKES | describe_problems("not-found"),
)
def retry_job(
    job_id: str,
    access: WritesJobs,
    parts: PartsOf,
    subscriber: SubscriberOf,
    intent: IntentOf,
    prefer: Prefer = None,
) -> Response:
    """Queue a new job from the request of an earlier one, its seed included."""
    earlier = get_job(access.session, access.caller.tenant_id, JobId(job_id))
    request = JOB_REQUEST.validate_python(earlier.request | {"metadata": earlier.labels})
    submitted = _submit(access, parts, Asked(request, None), intent)
    return _answer_made(access, parts, subscriber, submitted).now_or_held(
        access.session, submitted.job, prefer
    )


def _submit(access: Access, parts: Parts, asked: Asked, intent: Intent) -> Submitted:
    """Queue a job and ring for it once it is committed."""
    submission = Submission(
        request=asked.request,
        catalog=parts.catalog,
        idempotency_key=intent.idempotency_key,
        idempotency_lifetime_s=parts.settings.idempotency_lifetime_s,
        key_id=access.caller.key_id,
        route=intent.route,
        retry_count=intent.retry_count,
        inline=asked.inline,
    )
    submitted = submit_job(access.session, access.caller.tenant_id, submission)
    if not submitted.is_replay:
        pool = submitted.job.pool
        after_commit(access.session, lambda: parts.doorbell.ring(pool))
    return submitted


def _answer_made(
    access: Access, parts: Parts, subscriber: SubscriberOf, submitted: Submitted
) -> JobAnswer:
    def respond(view: JobView, headers: Mapping[str, str]) -> Response:
        shown = {"Location": f"/v1/jobs/{view.id}", "Cache-Control": "no-store", **headers}
        if submitted.is_replay:
            return _json(view, HTTPStatus.OK, shown | {"Idempotent-Replayed": "true"})
        is_held_to_end = view.status in END_STATUSES and "Preference-Applied" in headers
        return _json(view, HTTPStatus.CREATED if is_held_to_end else HTTPStatus.ACCEPTED, shown)

    return JobAnswer(parts, subscriber, access.caller.tenant_id, respond)


def _json(view: JobView, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        view.model_dump_json(),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )
