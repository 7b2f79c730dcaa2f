"""Random operations on jobs from several threads at once, and what must hold after them."""

import random
import threading
from collections.abc import Callable

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from shared.db import Sessions, set_tenant, transaction
from shared.errors import DomainError
from shared.ids import JobId, TenantId
from shared.jobs.cancel import cancel_job
from shared.jobs.check_accounts import find_account_faults
from shared.jobs.claim import Held
from shared.jobs.delete import delete_job
from shared.jobs.finish import (
    Failure,
    complete_job,
    fail_job,
    finish_canceled,
    release_job,
)
from shared.jobs.requeue import requeue_lost
from shared.jobs.status import END_STATUSES, JobErrorCode
from shared.jobs.submit import submit_job
from shared.jobs.table import Job
from shared.usage.period import current_period
from shared.usage.table import Account, UsageRecord
from tests.integration.jobs.conftest import Bench

FAILURE = Failure(code=JobErrorCode.GENERATION_ERROR, message="broke", is_retryable=False)
TENANTS = 3
IMAGE_COST = 64 * 64 * 3


class Storm:
    """Does what callers, workers and the sweep do, in any order, from many threads."""

    def __init__(self, bench: Bench, seed: int, quota: int) -> None:
        self._bench = bench
        self._seed = seed
        self._tenants = [bench.tenant(f"tenant {number}") for number in range(TENANTS)]
        self._jobs: list[tuple[TenantId, JobId]] = []
        self._held: list[Held] = []
        with transaction(bench.admin) as session:
            session.execute(text("UPDATE tenants SET monthly_quota = :quota"), {"quota": quota})

    def blow(self, num_operations: int, num_threads: int) -> None:
        """Do so many operations; whatever is refused changes nothing."""
        threads = [
            threading.Thread(target=self._run, args=(number, num_operations // num_threads))
            for number in range(num_threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, number: int, num_operations: int) -> None:
        chance = random.Random(self._seed * 1_000 + number)
        acts: list[Callable[[random.Random], None]] = [
            self._submit,
            self._submit,
            self._submit,
            self._cancel,
            self._claim,
            self._complete,
            self._complete,
            self._fail,
            self._stop,
            self._release,
            self._lose,
            self._delete,
        ]
        for _operation in range(num_operations):
            try:
                chance.choice(acts)(chance)
            except (DomainError, OperationalError):
                continue  # refused, or given up for a lock: rolled back either way

    def _submit(self, chance: random.Random) -> None:
        tenant_id = chance.choice(self._tenants)
        fields = {"width": 64, "height": 64, "num_inference_steps": 3}
        with transaction(self._bench.api) as session:
            set_tenant(session, tenant_id)
            submission = self._bench.submission(None, num_images=chance.randint(1, 3), **fields)
            job_id = JobId(submit_job(session, tenant_id, submission).job.id)
        self._jobs.append((tenant_id, job_id))

    def _cancel(self, chance: random.Random) -> None:
        self._as_tenant(chance, cancel_job)

    def _delete(self, chance: random.Random) -> None:
        self._as_tenant(chance, lambda session, tenant, job: delete_job(session, tenant, job, 0))

    def _as_tenant(self, chance: random.Random, act: Callable[..., object]) -> None:
        if not self._jobs:
            return
        tenant_id, job_id = chance.choice(self._jobs)
        with transaction(self._bench.api) as session:
            set_tenant(session, tenant_id)
            act(session, tenant_id, job_id)

    def _claim(self, chance: random.Random) -> None:
        claimed = self._bench.claim(limit=chance.randint(1, 6))
        self._held += [job.held for job in claimed]

    def _complete(self, chance: random.Random) -> None:
        self._as_worker(chance, lambda session, held: complete_job(session, held, [], []))

    def _fail(self, chance: random.Random) -> None:
        self._as_worker(chance, lambda session, held: fail_job(session, held, FAILURE))

    def _stop(self, chance: random.Random) -> None:
        steps = chance.randint(0, 5)
        self._as_worker(chance, lambda session, held: finish_canceled(session, held, steps))

    def _release(self, chance: random.Random) -> None:
        self._as_worker(chance, release_job)

    def _as_worker(self, chance: random.Random, act: Callable[..., object]) -> None:
        if not self._held:
            return
        held = chance.choice(self._held)
        with transaction(self._bench.worker) as session:
            act(session, held)

    def _lose(self, chance: random.Random) -> None:
        """Let some leases expire, as those of dead workers do, and sweep."""
        with transaction(self._bench.worker) as session:
            running = session.scalars(
                select(Job)
                .where(Job.status == "running")
                .limit(chance.randint(1, 3))
                .with_for_update(skip_locked=True)
            ).all()
            for job in running:
                job.lease_expires_at = func.now() - text("interval '1 second'")
        with transaction(self._bench.worker) as session:
            requeue_lost(session, max_lost_attempts=3, grace_s=0)


def check_ledger(sessions: Sessions, quota: int) -> int:
    """Raise unless every sum is exact and every ended job has one line; returns the lines."""
    with transaction(sessions) as session:
        assert find_account_faults(session, current_period()) == []
        accounts = session.scalars(select(Account)).all()
        assert len(accounts) == TENANTS
        for account in accounts:
            assert account.reserved >= 0
            assert account.used >= 0
            assert account.reserved + account.used <= quota
        lines = session.execute(select(UsageRecord.job_id, UsageRecord.pixel_steps)).all()
        assert len({line.job_id for line in lines}) == len(lines)
        ended = session.execute(
            select(Job.id, Job.cost_settled).where(Job.status.in_(END_STATUSES))
        ).all()
        paid = {line.job_id: line.pixel_steps for line in lines}
        assert {job.id: job.cost_settled for job in ended}.items() <= paid.items()
        return len(lines)
