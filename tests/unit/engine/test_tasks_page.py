"""docs/tasks.md names every task, and its figures are those that the code and the tests have."""

from pathlib import Path
from typing import get_args

from shared.models.catalog import Task
from tests.unit.engine.requests import MAX_DIFFERENCE, MAX_DIFFERING_SHARE
from tests.unit.engine.test_tasks_exact import MAX_DIFFERING_SHARE_OF_TWO_PASSES
from worker.engine.composite import FEATHER_PX

PAGE = " ".join((Path(__file__).parents[3] / "docs" / "tasks.md").read_text().split())


def test_every_task_has_a_heading() -> None:
    assert not [task for task in get_args(Task) if f" ## {task} " not in PAGE]


def test_figures_are_those_of_code_and_tests() -> None:
    assert f"fades in over {FEATHER_PX} pixels" in PAGE
    most = f"at most {MAX_DIFFERENCE} of 255 | at most"
    assert f"`heun` | {most} {100 * MAX_DIFFERING_SHARE:g} % |" in PAGE
    assert f"two passes | {most} {100 * MAX_DIFFERING_SHARE_OF_TWO_PASSES:g} % |" in PAGE
