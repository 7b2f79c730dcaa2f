"""`atelier verify`: a job is made again, and its pictures are held against what it made before."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from cli.client import Server, ask, describe_problem, describe_silence
from cli.compare_pictures import Comparison, Receipt, compare_pictures, explain
from cli.errors import AskedWrongly, CommandError, ServiceFailed
from cli.fetch_image import fetch_image
from cli.follow_job import follow_job

SAME, DIFFERENT = 0, 1
MAX_SHOWN = 60
Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """One picture of the job, and what came of making it again."""

    index: int
    kind: str
    comparison: Comparison

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        fields = asdict(self.comparison)
        told = explain(self.comparison)
        return {"index": self.index, "kind": self.kind} | fields | {"explanation": told}


@contextmanager
def one_means_different() -> Iterator[None]:
    """Let no failure end with the status that says that pictures differ.

    Raises:
        AskedWrongly: the job made no such pictures.
        ServiceFailed: the service cannot be asked, or the job does not end well this time.
    """
    try:
        yield
    except AskedWrongly:
        raise
    except CommandError as error:
        raise ServiceFailed(str(error)) from None


def run_verify(server: Server, job_id: str, index: int | None, *, as_json: bool) -> int:
    """Make a job again, compare, and say what came of it; returns the exit status."""
    with server.open() as client:
        before = ask(client, "GET", f"/v1/jobs/{job_id}")
        chosen = _choose(before, index)
        now = follow_job(client, _make_again(client, job_id))
        verified = [_verify(client, before, now, one) for one in chosen]
    if as_json:
        _print_json(before, now, verified)
    else:
        _print_words(before, now, verified)
    return SAME if all(one.comparison.is_same for one in verified) else DIFFERENT


def _choose(job: Job, index: int | None) -> list[int]:
    """Return the indices of the pictures to compare.

    Raises:
        AskedWrongly: there are none.
    """
    if job["status"] != "succeeded":
        raise AskedWrongly(f"{job['id']} is {job['status']}; only what succeeded can be verified")
    there = [image["index"] for image in job["images"]]
    if index is not None and index not in there:
        raise AskedWrongly(f"{job['id']} has pictures 0 to {max(there)}, and no picture {index}")
    return there if index is None else [index]


def _make_again(client: httpx.Client, job_id: str) -> Job:
    # named, so that a call whose answer was lost on the way makes no second job
    name = {"Idempotency-Key": f"verify-{job_id}-{secrets.token_hex(4)}"}
    return ask(client, "POST", f"/v1/jobs/{job_id}/retry", headers=name)


def _verify(client: httpx.Client, before: Job, now: Job, index: int) -> Verified:
    """Compare picture `index` of both jobs.

    Raises:
        CommandError: one of them does not come, or is no picture.
    """
    old, new = _find(before, index), _find(now, index)
    try:
        comparison = compare_pictures(
            fetch_image(client, old),
            fetch_image(client, new),
            _find_receipt(client, before, index),
            _find_receipt(client, now, index),
        )
    except (OSError, ValueError) as error:
        raise CommandError(f"picture {index} cannot be read: {error}") from None
    return Verified(index, old["kind"], comparison)


def _find(job: Job, index: int) -> dict[str, Any]:
    """Return the view of one picture.

    Raises:
        CommandError: the job has fewer pictures than before.
    """
    for image in job["images"]:
        if image["index"] == index:
            found: dict[str, Any] = image
            return found
    raise CommandError(f"{job['id']} made no picture {index}")


def _find_receipt(client: httpx.Client, job: Job, index: int) -> Receipt | None:
    """Return the receipt of a picture, or None where it is older than receipts.

    Raises:
        CommandError: the service does not say.
    """
    try:
        answer = client.get(f"/v1/jobs/{job['id']}/images/{index}/receipt")
    except httpx.TransportError as error:
        raise CommandError(describe_silence(client, error)) from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if answer.is_error:
        raise CommandError(describe_problem(answer))
    receipt: Receipt = answer.json()
    return receipt


def _print_json(before: Job, now: Job, verified: list[Verified]) -> None:
    print(
        json.dumps(
            {
                "job": before["id"],
                "made_again_as": now["id"],
                "is_same": all(one.comparison.is_same for one in verified),
                "pictures": [one.as_json() for one in verified],
            }
        )
    )


def _print_words(before: Job, now: Job, verified: list[Verified]) -> None:
    print(f"{before['id']} was made again as {now['id']}")
    for one in verified:
        print(f"{one.kind} {one.index}: {explain(one.comparison)}")
        if not one.comparison.is_same:
            print(f"  {_describe(one.comparison)}")
    for name, (old, new) in _all_changes(verified).items():
        print(f"  {name}: {_shorten(old)} then, {_shorten(new)} now")


def _describe(comparison: Comparison) -> str:
    if comparison.max_difference is None:
        return "the files have not the same size"
    psnr = "" if comparison.psnr_db is None else f", PSNR {comparison.psnr_db:.1f} dB"
    return (
        f"the files differ by at most {comparison.max_difference} of 255, in"
        f" {comparison.share_different:.2%} of their values{psnr}"
    )


def _all_changes(verified: list[Verified]) -> Mapping[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {}
    for one in verified:
        changes |= one.comparison.changed
    return changes


def _shorten(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
