"""Docs that cannot rot: generated pages are current, links lead somewhere, the README is short."""

import re
from pathlib import Path

import pytest

from docs.generate import PAGES, errors_page, job_status_page, settings_page
from shared.config import Settings, variable_of
from shared.jobs.status import MOVES, JobStatus
from tests.style.sources import ROOT, list_files

MAX_README_LINES = 120
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", PAGES)
def test_generated_page_is_current(path: str) -> None:
    committed = (ROOT / path).read_text(encoding="utf-8")
    assert committed == PAGES[path](), f"{path} is stale: run `make docs`"


def test_every_setting_has_a_heading() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    missing = [name for name in Settings.model_fields if f"## `{variable_of(name)}`\n" not in text]
    assert not missing


def test_every_setting_is_described() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_the_pages_follow_their_tables() -> None:
    assert "`SECRET_KEY`" not in settings_page({})
    assert "made-up" in errors_page({}, {"made-up": "Something."})
    fewer = {**MOVES, JobStatus.QUEUED: frozenset({JobStatus.RUNNING})}
    assert "queued --> canceled" in job_status_page(MOVES)
    assert "queued --> canceled" not in job_status_page(fewer)


def find_dead_links(page: Path, text: str) -> list[str]:
    targets = (target.split("#")[0] for target in LINK.findall(text))
    return [
        f"{page}: {target}"
        for target in targets
        if target and "://" not in target and not target.startswith(("mailto:", "data:"))
        if not (ROOT / page.parent / target).exists()
    ]


def test_links_lead_somewhere() -> None:
    pages = [path for path in list_files() if path.suffix == ".md"]
    dead = [one for page in pages for one in find_dead_links(page, (ROOT / page).read_text())]
    assert not dead, "\n".join(dead)


def test_a_dead_link_is_seen() -> None:
    assert find_dead_links(Path("docs/x.md"), "see [this](nowhere.md) and [that](../README.md)")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MAX_README_LINES


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert not [p.name for p in folder.glob("[0-9]*.md") if f"({p.name})" not in listed]
