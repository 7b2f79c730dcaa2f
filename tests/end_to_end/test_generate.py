"""`atelier generate`, `jobs` and `models` against a running service."""

import json
import signal
import subprocess
import time
from pathlib import Path

from PIL import Image

from tests.running_up import ATELIER, ROOT, RunningUp, clean_environment, run_atelier


def _jobs(up: RunningUp, *arguments: str) -> list[dict[str, str]]:
    listed = run_atelier("jobs", "list", "--json", f"--home={up.home}", *arguments)
    found: list[dict[str, str]] = json.loads(listed.stdout)["data"]
    return found


def test_a_prompt_becomes_a_file(up: RunningUp, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    made = run_atelier("generate", "a red circle", "-o", str(output), ATELIER_HOME=str(up.home))
    assert made.returncode == 0, made.stderr
    assert str(output) in made.stdout
    with Image.open(output) as picture:
        assert (picture.format, picture.size) == ("PNG", (128, 128))


def test_every_option_reaches_the_job_and_json_describes_it(up: RunningUp, tmp_path: Path) -> None:
    made = run_atelier(
        *("generate", "a blue square", "-o", str(tmp_path / "out.webp"), "--json"),
        *("--seed=7", "--steps=3", "--num-images=2", "--model=mini", "--negative=fog"),
        *("--guidance=3", "--width=64", "--height=96", "--scheduler=euler", f"--home={up.home}"),
    )
    assert made.returncode == 0, made.stderr
    job = json.loads(made.stdout)
    asked = {
        "prompt": "a blue square",
        "negative_prompt": "fog",
        "seed": 7,
        "num_inference_steps": 3,
        "num_images": 2,
        "guidance_scale": 3,
        "width": 64,
        "height": 96,
        "scheduler": "euler",
    }
    assert {name: job["request"][name] for name in asked} == asked
    assert job["files"] == [str(tmp_path / f"out-{index}.webp") for index in range(2)]
    for file in job["files"]:
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == ("WEBP", (64, 96))


def test_ctrl_c_cancels_the_job_and_says_so(up: RunningUp, tmp_path: Path) -> None:
    command = (*ATELIER, "generate", "slow", "--steps=100", "--num-images=10", f"--home={up.home}")
    process = subprocess.Popen(
        (*command, "-o", str(tmp_path / "out.png")),
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (running := _jobs(up, "--status=running")):
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    job_id = running[0]["id"]
    assert f"canceled {job_id}" in said
    while (status := _show(up, job_id)["status"]) == "running":
        assert time.monotonic() < deadline
    assert status == "canceled"
    assert not list(tmp_path.iterdir())


def _show(up: RunningUp, job_id: str) -> dict[str, str]:
    shown: dict[str, str] = json.loads(
        run_atelier("jobs", "show", job_id, f"--home={up.home}").stdout
    )
    return shown


def test_what_cannot_be_asked_for_is_said_field_by_field(up: RunningUp, tmp_path: Path) -> None:
    output = str(tmp_path / "out.png")
    home = f"--home={up.home}"
    refused = run_atelier("generate", "x", "-o", output, "--width=100", "--steps=1000", home)
    assert refused.returncode == 1
    assert "/width" in refused.stderr
    assert "/num_inference_steps" in refused.stderr
    unknown = run_atelier("generate", "x", "-o", output, "--model=nothing", home)
    assert unknown.returncode == 1
    assert "mini" in unknown.stderr
    odd = run_atelier("generate", "x", "-o", str(tmp_path / "out.bmp"), home)
    assert ".png" in odd.stderr


def test_no_service_is_said_in_one_line(tmp_path: Path) -> None:
    absent = run_atelier("generate", "x", f"--home={tmp_path}")
    assert absent.returncode == 1
    assert "atelier up" in absent.stderr
    assert absent.stderr.count("\n") == 1
    gone = run_atelier("generate", "x", "--url=http://127.0.0.1:1", "--key=k")
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr
    assert gone.stderr.count("\n") == 1


def test_a_wrong_key_is_refused_in_words(up: RunningUp) -> None:
    refused = run_atelier("jobs", "list", f"--url={up.url}", "--key=wrong")
    assert refused.returncode == 1
    assert "401" in refused.stderr


def test_models_and_jobs_are_listed(up: RunningUp) -> None:
    home = f"--home={up.home}"
    assert "mini" in run_atelier("models", home).stdout
    assert json.loads(run_atelier("models", "--json", home).stdout)["data"]
    job_id = _jobs(up, "--status=succeeded")[0]["id"]
    assert job_id in run_atelier("jobs", "list", home).stdout
    ended = run_atelier("jobs", "cancel", job_id, home)
    assert ended.returncode == 1
    assert "409" in ended.stderr
