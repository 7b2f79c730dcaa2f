"""House rules for code that no linter has. Each is one function over one syntax tree."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.style.sources import ROOT, Finding, Rule, find_all, list_files, list_sources

MAX_FILE_LINES, LONG_FILE_LINES, MAX_FUNCTION_LINES = 400, 250, 60
COMMIT_ALLOWED = {"shared/db.py", "migrations/run.py"}  # a migration is an edge of its own
ENDS_A_TRANSACTION = {"commit", "begin", "begin_nested", "rollback"}
UNITLESS = re.compile(
    r"(^|_)(timeout|delay|interval|duration|ttl|age|size|latency|elapsed|lifetime|grace|backoff)$"
)
PLAIN_NUMBER = re.compile(r"\b(int|float|Positive\w+)\b")
COUNTS = ("batch_size", "pool_size", "vocab_size", "kernel_size", "group_size", "shard_size")
CATALOG_WORDS = {"min_size", "max_size"}  # what callers of GET /v1/models read, in pixels
SHAPE = re.compile(r"\((B|N|T|S|L|C|H|K|\d)[^)]*,[^)]*\)|\(\)")  # () is one number
VAGUE = {"service", "services", "util", "utils", "helper", "helpers", "manager", "common", "misc"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def annotated_names(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            yield node.lineno, node.arg, ast.unparse(node.annotation)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id, ast.unparse(node.annotation)


def commits_only_at_the_edge(tree: ast.Module, path: Path) -> Iterator[Finding]:
    if path.as_posix() in COMMIT_ALLOWED:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENDS_A_TRANSACTION:
            yield node.lineno, f".{node.attr} outside shared/db.py"


def numbers_carry_units(tree: ast.Module, path: Path) -> Iterator[Finding]:
    for line, name, annotation in annotated_names(tree):
        if "timedelta" in annotation or not PLAIN_NUMBER.search(annotation):
            continue
        if name in CATALOG_WORDS and path.as_posix() == "shared/models/catalog.py":
            continue
        if UNITLESS.search(name.lower()) and not name.lower().endswith(COUNTS):
            yield line, f"{name!r} needs a unit suffix (_s, _ms, _bytes, _px)"
        elif name in {"width", "height"} and path.as_posix().startswith("worker/engine/"):
            yield line, f"{name!r} is {name}_px inside the engine"


def tensor_functions_state_shapes(tree: ast.Module, path: Path) -> Iterator[Finding]:
    if not path.as_posix().startswith("worker/engine/"):
        return
    for function in functions(tree):
        signature = ast.unparse(function.args) + ast.unparse(function.returns or ast.Constant(None))
        if "Tensor" not in signature or function.name.startswith("_"):
            continue
        if not SHAPE.search(ast.get_docstring(function) or ""):
            yield function.lineno, f"{function.name} takes or returns tensors but states no shape"


def docstrings_repeat_no_default(tree: ast.Module, _path: Path) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            continue
        if re.search(r"\bdefaults? to\b", ast.get_docstring(node) or "", re.IGNORECASE):
            yield getattr(node, "lineno", 1), "a docstring restates a default"


def reads_take_a_tenant(tree: ast.Module, path: Path) -> Iterator[Finding]:
    """Reads for tenants live in queries.py and cannot be called without a tenant."""
    if path.name != "queries.py":
        return
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        if not node.name.startswith("_") and "tenant_id" not in arguments:
            yield node.lineno, f"{node.name} reads without tenant_id"


def functions_stay_short(tree: ast.Module, path: Path) -> Iterator[Finding]:
    if path.parts[:2] == ("migrations", "versions"):
        return  # a list of tables has the length it has
    for function in functions(tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield function.lineno, f"{function.name} has {length} lines"


def modules_have_names_that_say_something(_tree: ast.Module, path: Path) -> Iterator[Finding]:
    for part in (*path.parts[:-1], path.stem):
        if VAGUE & set(part.split("_")):
            yield 1, f"{part!r} says nothing; name the operation"


RULES: list[Rule] = [
    commits_only_at_the_edge,
    numbers_carry_units,
    tensor_functions_state_shapes,
    docstrings_repeat_no_default,
    reads_take_a_tenant,
    functions_stay_short,
    modules_have_names_that_say_something,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    found = find_all(rule)
    assert not found, "\n".join(found)


def count_lines(paths: list[Path]) -> dict[str, int]:
    return {str(path): len((ROOT / path).read_text().splitlines()) for path in paths}


def test_files_stay_short() -> None:
    lengths = count_lines([path for path in list_files() if path.suffix == ".py"])
    assert lengths, "no source was found"
    for path, lines in lengths.items():
        if LONG_FILE_LINES < lines <= MAX_FILE_LINES:
            warnings.warn(f"{path} has {lines} lines; what is its second subject?", stacklevel=1)
    assert not {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES}


def test_the_rules_read_every_package() -> None:
    tops = {path.parts[0] for path in list_sources()}
    assert tops == {"api", "worker", "shared", "cli", "models", "migrations"}


BAD: dict[Rule, tuple[str, str]] = {
    commits_only_at_the_edge: ("shared/jobs/x.py", "def f(session):\n    session.commit()\n"),
    numbers_carry_units: ("shared/x.py", "def f(timeout: float): ...\n"),
    tensor_functions_state_shapes: (
        "worker/engine/x.py",
        "def f(x: torch.Tensor) -> torch.Tensor:\n    '''Do it.'''\n",
    ),
    docstrings_repeat_no_default: ("api/x.py", "def f(x=1):\n    '''Take x. Defaults to 1.'''\n"),
    reads_take_a_tenant: ("shared/jobs/queries.py", "def get_job(session, job_id): ...\n"),
    functions_stay_short: ("api/x.py", "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES),
    modules_have_names_that_say_something: ("shared/jobs/job_utils.py", ""),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_bites(rule: Rule) -> None:
    path, source = BAD[rule]
    assert list(rule(ast.parse(source), Path(path)))
