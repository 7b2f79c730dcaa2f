"""`GET /v1/jobs`: a tenant's jobs, page by page."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from api.deps import PartsOf, ReadsJobs
from api.openapi import describe_problems
from api.schemas.jobs import JobListView
from api.show_job import show_jobs
from api.strict_route import StrictRoute
from shared.errors import FieldError, ValidationFailed
from shared.jobs.queries import JobFilter, list_jobs
from shared.jobs.status import JobStatus
from shared.models.catalog import Task

_LABEL = re.compile(r"metadata\[([^\[\]\x00]{1,64})\]")
# the database takes no NUL in a text
_WORD = r"^[^\x00]*$"

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)


def read_filter(
    request: Request,
    status: Annotated[JobStatus | None, Query()] = None,
    task: Annotated[Task | None, Query()] = None,
    model: Annotated[str | None, Query(max_length=128, pattern=_WORD)] = None,
    created_after: Annotated[AwareDatetime | None, Query(description="RFC 3339.")] = None,
) -> JobFilter:
    """Return which jobs are asked for."""
    return JobFilter(
        status=status,
        task=task,
        model=model,
        created_after=created_after,
        labels=_read_labels(request),
    )


@router.get(
    "",
    responses=describe_problems("invalid-cursor"),
    openapi_extra={
        "x-query-prefixes": ["metadata["],
        "parameters": [
            {
                "name": "metadata",
                "in": "query",
                "style": "deepObject",
                "explode": True,
                "description": "Your own labels, as `metadata[order]=1234`.",
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            }
        ],
    },
)
def list_my_jobs(
    access: ReadsJobs,
    parts: PartsOf,
    which: Annotated[JobFilter, Depends(read_filter)],
    cursor: Annotated[str | None, Query(max_length=256, description="Of an earlier page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> JobListView:
    """List jobs, newest first."""
    tenant_id = access.caller.tenant_id
    page = list_jobs(access.session, tenant_id, which, cursor, limit)
    views = show_jobs(access.session, parts, tenant_id, page.jobs)
    return JobListView(data=views, next_cursor=page.next_cursor)


def _read_labels(request: Request) -> dict[str, str]:
    """Return the labels asked for.

    Raises:
        ValidationFailed: A name or a value cannot be one.
    """
    labels: dict[str, str] = {}
    for name, value in request.query_params.items():
        if not name.startswith("metadata["):
            continue
        match = _LABEL.fullmatch(name)
        if match is None or "\0" in value:
            raise ValidationFailed([FieldError("/metadata", "write metadata[NAME]=VALUE")])
        labels[match[1]] = value
    return labels
