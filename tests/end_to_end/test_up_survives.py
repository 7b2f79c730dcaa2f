"""`atelier up` outlives its children, and its children never outlive it."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running_up import RunningUp, run_atelier, up_in


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    """An `up` that these tests, in their order, break, stop and start again."""
    with up_in(tmp_path_factory.mktemp("survives")) as running:
        running.start()
        running.await_ready()
        yield running


def _generate(up: RunningUp, folder: Path) -> dict[str, str]:
    made = run_atelier(
        *("generate", "a red circle", "--json", "--seed=1", "--steps=4"),
        *("-o", str(folder / "out.png"), f"--home={up.home}"),
    )
    assert made.returncode == 0, made.stderr + up.text
    job: dict[str, str] = json.loads(made.stdout)
    return job


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("worker", ("celery", "--pool=prefork")),
        ("api", ("cli.main", "api")),
        ("sweep", ("cli.main", "sweep")),
        ("redis", ("redis-server",)),
        ("postgres", ("postgres", "-D")),
    ],
)
def test_a_killed_part_is_started_again_and_said_so(
    own: RunningUp, name: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    before = own.text.count("runs again")
    victim = own.find_process(*words)
    children = victim.children(recursive=True)
    own.note_processes()
    victim.kill()
    own.wait_for(lambda: own.text.count("runs again") > before, 120)
    said = own.text.splitlines()
    assert any(line.startswith(name) and "killed by SIGKILL" in line for line in said)
    assert not [one for one in children if one.is_running() and name != "postgres"]
    _generate(own, tmp_path)


def test_ctrl_c_in_the_terminal_stops_all_in_order(own: RunningUp) -> None:
    own.note_processes()
    assert own.stop(signal.SIGINT) == 0
    assert own.living() == []
    assert not (own.home / "up.json").exists()
    ends = [line.split()[0] for line in own.text.splitlines() if line.endswith(" stopped")]
    assert ends == ["sweep", "worker", "api", "redis", "postgres"]


def test_a_restart_finds_its_old_jobs_and_pictures_and_keeps_its_key(own: RunningUp) -> None:
    pictures = {path.name for path in (own.home / "images").rglob("*.png")}
    key = json.loads((own.home / "secrets.json").read_text())["api_key"]
    own.start()
    own.await_ready()
    assert "welcome" not in own.text
    assert own.read_up_file()["api_key"] == key
    listed = json.loads(run_atelier("jobs", "list", "--json", f"--home={own.home}").stdout)
    assert len(listed["data"]) >= 5
    assert {path.name for path in (own.home / "images").rglob("*.png")} == pictures


def test_a_killed_supervisor_takes_its_children_along(own: RunningUp, tmp_path: Path) -> None:
    own.note_processes()
    assert own.process is not None
    own.process.kill()
    own.process.wait()
    own.start()  # at once: it has to wait for the remains
    deadline = time.monotonic() + 60
    while own.living():
        assert time.monotonic() < deadline, own.living()
        time.sleep(0.2)
    own.await_ready()
    _generate(own, tmp_path)


def test_a_database_left_running_is_stopped_by_the_next_start(own: RunningUp) -> None:
    own.note_processes()
    assert own.process is not None
    watchdog = own.find_process("cli.up.watchdog")
    watchdog.suspend()
    watchdog.kill()
    own.process.kill()
    own.process.wait()
    for one in own.known.values():
        if one.is_running() and one.name() not in {"postgres", "redis-server"}:
            one.kill()
    left = [one for one in own.known.values() if one.is_running() and one.name() == "postgres"]
    assert left
    own.start()
    own.await_ready()
    psutil.wait_procs(left, timeout=10)
    assert not [one for one in left if one.is_running()]


def test_sigterm_stops_all_and_a_second_one_hurries(own: RunningUp) -> None:
    own.note_processes()
    run = own.process
    assert run is not None
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=30) == 0
    assert own.living() == []
