"""House rules for words: one name for one thing, and nothing a stranger cannot follow."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.style.sources import Finding, TextRule, find_all_in_text

# The pages that say which words not to use, and the lock, have to spell them.
EXEMPT = {"docs/glossary.md", "requirements.lock", "LICENSE", "tests/style/test_words.py"}

OTHER_SPELLINGS = {
    r"\bcancelled\b(?!\(\))": "canceled",
    r"\bcfg_scale\b": "guidance_scale",
    r"\bsamplers?\b": "scheduler",
}
PRIVATE = {
    r"\bissues? #?\d": "an issue number",
    r"(?<![\w/])/work/": "a path of one machine",
    r"\b(sub-?agents?|workplace|(last|next|later|earlier) sessions?)\b": "how it was made",
    r"\bpypi\.org|pythonhosted|download\.pytorch|--index-url|--extra-index|--find-links": (
        "a package registry"
    ),
}


def one_word_for_one_thing(text: str, path: Path) -> Iterator[Finding]:
    # a door speaks another service's dialect, and training draws from a data set
    if path.parts[:2] in {("api", "doors"), ("models", "recipe")}:
        return
    for pattern, word in OTHER_SPELLINGS.items():
        yield from _find(pattern, text, path, f"here the word is {word}")


def nothing_a_stranger_cannot_follow(text: str, path: Path) -> Iterator[Finding]:
    for pattern, what in PRIVATE.items():
        yield from _find(pattern, text, path, f"names {what}")


def _find(pattern: str, text: str, path: Path, message: str) -> Iterator[Finding]:
    if path.as_posix() in EXEMPT:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.search(pattern, line, re.IGNORECASE):
            yield number, f"{match[0]!r}: {message}"


RULES: list[TextRule] = [one_word_for_one_thing, nothing_a_stranger_cannot_follow]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: TextRule) -> None:
    found = find_all_in_text(rule)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (one_word_for_one_thing, "status = 'cancelled'"),
        (one_word_for_one_thing, "cfg_scale: float"),
        (one_word_for_one_thing, "the sampler of this model"),
        (nothing_a_stranger_cannot_follow, "# see issue #12"),
        (nothing_a_stranger_cannot_follow, "open('/work/x')"),
        (nothing_a_stranger_cannot_follow, "left for the next session"),
        (nothing_a_stranger_cannot_follow, "pip install --find-links wheels x"),
    ],
)
def test_rule_bites(rule: TextRule, text: str) -> None:
    assert list(rule(text, Path("shared/x.py")))


def test_a_future_may_be_asked_whether_it_was_cancelled() -> None:
    assert not list(one_word_for_one_thing("if task.cancelled():", Path("api/x.py")))
