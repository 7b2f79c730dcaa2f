"""The answers that show one job: at once, or held until it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session
from starlette.responses import Response

from api.held import HeldResponse
from api.parts import Parts
from api.prefer import find_wait_s
from api.schemas.jobs import JobView
from api.show_job import read_job, show_job
from api.waiting import Subscriber
from shared.db import set_tenant
from shared.ids import JobId, TenantId
from shared.jobs.status import END_STATUSES
from shared.jobs.table import Job


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """Answers with a job of one tenant, written down by `respond`."""

    parts: Parts
    subscriber: Subscriber
    tenant_id: TenantId
    respond: Callable[[JobView, Mapping[str, str]], Response]

    def now_or_held(self, session: Session, job: Job, prefer: str | None) -> Response:
        """Return the job at once, or an answer held for as long as the caller prefers."""
        wait_s = find_wait_s(prefer)
        headers = {"Preference-Applied": f"wait={wait_s}"} if wait_s is not None else {}
        if wait_s is None or job.status in END_STATUSES:
            return self.respond(show_job(session, self.parts, job), headers)
        job_id = JobId(job.id)

        async def finish() -> Response:
            return self.respond(await read_job_apart(self.parts, self.tenant_id, job_id), headers)

        return HeldResponse(partial(self.subscriber.wait_until_ended, job_id, wait_s), finish)


async def read_job_apart(parts: Parts, tenant_id: TenantId, job_id: JobId) -> JobView:
    """Return the job as it is by now, from a transaction of its own.

    Raises:
        NotFound: It was deleted meanwhile.
    """

    def read(session: Session) -> JobView:
        set_tenant(session, tenant_id)
        return read_job(session, parts, tenant_id, job_id)

    return await parts.in_transaction(read)
