"""Ten thousand random operations: the ledger and the accounts still agree."""

from shared.config import Settings
from tests.integration.jobs.conftest import open_bench
from tests.integration.jobs.ledger_storm import Storm, check_ledger


def test_ten_thousand_operations(settings: Settings) -> None:
    with open_bench(settings) as bench:
        storm = Storm(bench, seed=7)
        storm.blow(num_operations=10_000, num_threads=8)
        print(f"{check_ledger(bench.admin)} lines in the ledger")
