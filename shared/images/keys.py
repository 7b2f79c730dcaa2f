"""Where an image lies in the store."""


def job_prefix(tenant_id: str, job_id: str) -> str:
    """Return the prefix of every object of a job."""
    return f"{tenant_id}/{job_id}/"


def attempt_prefix(tenant_id: str, job_id: str, attempt: int) -> str:
    """Return the prefix of every object that one attempt wrote."""
    return f"{job_prefix(tenant_id, job_id)}{attempt}/"


def image_key(tenant_id: str, job_id: str, attempt: int, index: int, extension: str) -> str:
    """Return the key of image `index` of one attempt.

    The attempt is part of the key, so that a worker that lost its lease overwrites nothing.
    """
    return f"{attempt_prefix(tenant_id, job_id, attempt)}{index}.{extension}"
