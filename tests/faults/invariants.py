"""What must hold once the dust has settled, whatever was broken: read from rows and files alone."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

END_STATUSES = {"succeeded", "failed", "canceled"}
MAX_LOST_ATTEMPTS = 3


@dataclass
class World:
    """The database and the store of one service, and what was seen of them before."""

    database_url: str
    pictures: Path
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def jobs(self) -> dict[str, dict[str, Any]]:
        return {job["id"]: job for job in self.rows("SELECT * FROM jobs")}

    def files(self) -> set[str]:
        found = (path for path in self.pictures.rglob("*") if path.is_file())
        return {path.relative_to(self.pictures).as_posix() for path in found}

    def check(self, accepted: Collection[str]) -> None:
        """Check every invariant; `accepted` are the ids that callers were ever given."""
        jobs = self.jobs()
        every_accepted_job_has_ended(jobs, accepted)
        every_job_is_settled_once(jobs, self.rows("SELECT * FROM usage_records"))
        pictures_are_of_one_attempt(jobs, self.rows("SELECT * FROM images"))
        the_store_holds_those_pictures(self.pictures, self.rows("SELECT * FROM images"))
        attempts_are_counted(jobs)
        an_ended_job_never_changes(self.ended, jobs)
        self.ended = jobs


def every_accepted_job_has_ended(
    jobs: dict[str, dict[str, Any]], accepted: Collection[str]
) -> None:
    assert set(accepted) <= jobs.keys()
    assert {job["status"] for job in jobs.values()} <= END_STATUSES


def every_job_is_settled_once(
    jobs: dict[str, dict[str, Any]], ledger: list[dict[str, Any]]
) -> None:
    assert sorted(line["job_id"] for line in ledger) == sorted(jobs)
    for line in ledger:
        job = jobs[line["job_id"]]
        assert line["end_status"] == job["status"]
        assert line["pixel_steps"] == job["cost_settled"]
        if job["status"] == "succeeded":
            assert job["cost_settled"] == job["cost_reserved"]
        if job["status"] == "failed":
            assert job["cost_settled"] == 0


def pictures_are_of_one_attempt(
    jobs: dict[str, dict[str, Any]], images: list[dict[str, Any]]
) -> None:
    for job_id, job in jobs.items():
        mine = [image for image in images if image["job_id"] == job_id]
        wanted = job["request"]["num_images"] if job["status"] == "succeeded" else 0
        assert sorted(image["index"] for image in mine) == list(range(wanted))
        assert {image["attempt"] for image in mine} <= {job["attempt"]}


def the_store_holds_those_pictures(folder: Path, images: list[dict[str, Any]]) -> None:
    for image in images:
        data = (folder / image["key"]).read_bytes()
        assert len(data) == image["size_bytes"]
        assert hashlib.sha256(data).hexdigest() == image["sha256"]


def attempts_are_counted(jobs: dict[str, dict[str, Any]]) -> None:
    for job in jobs.values():
        assert 0 <= job["lost_attempts"] <= min(job["attempt"], MAX_LOST_ATTEMPTS)
        if job["error_code"] == "worker-lost":
            assert job["lost_attempts"] == MAX_LOST_ATTEMPTS
        if job["status"] == "succeeded":
            assert job["attempt"] > job["lost_attempts"]


def an_ended_job_never_changes(
    before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]
) -> None:
    assert {job_id: now.get(job_id) for job_id in before} == before
