"""Where a picture lies in the store."""


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


def asset_key(tenant_id: str, asset_id: str) -> str:
    """Return the key of a picture that was uploaded; it has a folder of its own."""
    return f"{tenant_id}/{asset_id}/picture.png"


def input_key(tenant_id: str, job_id: str, asset_id: str) -> str:
    """Return the key of a picture that came with a job's request, and goes with the job."""
    return f"{job_prefix(tenant_id, job_id)}inputs/{asset_id}/picture.png"


def folder_of(key: str) -> str:
    """Return the prefix of every object in the folder of this one."""
    return f"{key.rpartition('/')[0]}/"
