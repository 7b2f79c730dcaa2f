"""`GET /v1/jobs/{id}/events`: server-sent events."""

import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from api.answer_job import read_job_apart
from api.deps import PartsOf, ReadsJobs, SubscriberOf
from api.event_stream import EventStreamResponse, JobEvents
from api.openapi import Responses, describe_problems
from api.strict_route import StrictRoute
from shared.ids import JobId
from shared.jobs.queries import get_job

_EVENT_ID = re.compile(r"\d{1,15}-\d{1,10}")
_EXAMPLE = """\
event: status
data: {"id": "job_…", "status": "running", "attempts": 1, "progress": {…}, "queue": {…}}

id: 1763820000000-0
event: progress
data: {"step": 6, "steps": 12, "fraction": 0.5}

id: 1763820000000-1
event: preview
data: {"image": "UklGR…", "content_type": "image/webp", "width": 32, "height": 32}

id: 1763820000900-0
event: done
data: {"id": "job_…", "status": "succeeded", "images": […], …}
"""

_STREAM: Responses = {
    200: {
        "description": "`status`, `progress`, `preview` (base64) and, last, `done` (the job).",
        "content": {"text/event-stream": {"example": _EXAMPLE}},
    }
}

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)


@router.get(
    "/{job_id}/events",
    status_code=200,
    response_class=EventStreamResponse,
    responses=_STREAM | describe_problems("not-found"),
)
def follow_job(
    job_id: str,
    access: ReadsJobs,
    parts: PartsOf,
    subscriber: SubscriberOf,
    last_event_id: Annotated[
        str | None, Header(description="Resume after this event, in any API process.")
    ] = None,
) -> Response:
    """Follow a job until it ends."""
    tenant_id = access.caller.tenant_id
    job = get_job(access.session, tenant_id, JobId(job_id))
    is_resumable = last_event_id is not None and _EVENT_ID.fullmatch(last_event_id) is not None
    events = JobEvents(
        parts.cache,
        JobId(job.id),
        partial(read_job_apart, parts, tenant_id, JobId(job.id)),
        last_event_id if is_resumable else None,
    )
    return EventStreamResponse(events.messages(subscriber))
