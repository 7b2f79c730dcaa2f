"""Ten thousand random operations: the ledger and the accounts still agree."""

from shared.config import Settings
from tests.integration.jobs.conftest import open_bench
from tests.integration.jobs.ledger_storm import IMAGE_COST, Storm, check_ledger

QUOTA = 1_000 * IMAGE_COST


def test_ten_thousand_operations(settings: Settings) -> None:
    with open_bench(settings) as bench:
        storm = Storm(bench, 7, QUOTA)
        storm.blow(num_operations=10_000, num_threads=8)
        print(f"{check_ledger(bench.admin, QUOTA)} lines in the ledger")
