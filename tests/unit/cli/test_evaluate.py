"""`atelier eval` on a tiny model: its figures, its folder, and what it refuses."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from cli.errors import CommandError
from cli.evaluate import Asked, run_evaluate
from tests.tiny_catalog import ABSENT, make_tiny_catalog


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = make_tiny_catalog(tmp_path_factory.mktemp("catalog"))
    # Few steps: what is judged here is the judging.
    path.write_text(path.read_text().replace("num_inference_steps = 12", "num_inference_steps = 2"))
    return path


@pytest.fixture(autouse=True)
def use_catalog(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_CATALOG", str(catalog))


def ask(folder: Path, **changed: Any) -> Asked:
    fields: dict[str, Any] = {
        "model": "mini", "num_prompts": 3, "seed": 0, "schedulers": ["ddim", "euler"],
        "steps": [1, 3], "guidances": [1.0], "folder": folder / "out", "at_least": None,
    }  # fmt: skip
    return Asked(**fields | changed)


def test_it_prints_figures_and_leaves_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_evaluate(ask(tmp_path), as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "figures.json").read_text())
    measured = [(one["scheduler"], one["num_inference_steps"], one["guidance_scale"])
                for one in printed["cells"]]  # fmt: skip
    assert measured == [
        ("dpm++2m", 2, 2.5), ("ddim", 1, 2.5), ("ddim", 3, 2.5), ("euler", 1, 2.5),
        ("euler", 3, 2.5), ("dpm++2m", 2, 1.0),
    ]  # fmt: skip
    for cell in printed["cells"]:
        assert cell["scores"]["everything"]["judged"] == 3
        assert cell["scores"]["everything"]["met"] + len(cell["failures"]) == 3
    assert [one["guidance_scale"] for one in printed["diversity"]] == [2.5, 1.0]
    for name in ("steps.svg", "guidance.svg"):
        assert ET.parse(tmp_path / "out" / name).getroot().tag.endswith("svg")
    with Image.open(tmp_path / "out" / "samples.png") as sheet:
        assert sheet.size[0] > sheet.size[1]


def test_its_tables_fit_a_terminal_and_a_low_share_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(CommandError, match=r"obeys in 0\.0 %, which is less than 50 %"):
        run_evaluate(ask(tmp_path, at_least=50.0), as_json=False)
    printed = capsys.readouterr().out
    assert "…" not in printed
    for word in ("euler", "3 steps", "relation", "everything", "mini obeys in"):
        assert word in printed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "nope"}, "no model 'nope' in the catalog; there are mini, absent"),
        ({"model": ABSENT}, "absent has no files in"),
        ({"schedulers": ["dddim"]}, "no scheduler 'dddim' for mini; there are dpm"),
        ({"steps": [101]}, "mini takes 1 to 100 steps"),
    ],
)
def test_it_refuses_in_one_sentence(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run_evaluate(ask(tmp_path, **changed), as_json=False)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CommandError, match="cannot be made"):
        run_evaluate(ask(tmp_path), as_json=False)
