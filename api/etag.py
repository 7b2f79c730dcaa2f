"""Entity tags of jobs, so that a poller is told cheaply that nothing changed."""

import hashlib
import json

from api.schemas.jobs import JobView
from shared.clock import utc_now

_LINK_RENEWALS = 2  # per lifetime: a caller that only ever gets 304 never holds a dead link


def job_etag(view: JobView, link_lifetime_s: int) -> str:
    """Return a weak tag that changes with the job, and in time to renew its links."""
    shown = view.model_dump(mode="json")
    for image in shown["images"]:
        del image["url"], image["url_expires_at"]
    period_s = max(link_lifetime_s // _LINK_RENEWALS, 1)
    shown["link_period"] = int(utc_now().timestamp()) // period_s if shown["images"] else 0
    digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return f'W/"{digest[:32]}"'


def is_unchanged(etag: str, if_none_match: str | None) -> bool:
    """Tell whether the caller already has what `etag` names."""
    given = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    return "*" in given or etag.removeprefix("W/") in given
