"""`atelier up`: the order in which everything starts. READ FIRST."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from cli.embedded.postgres import DATABASE, ensure_database
from cli.embedded.redis import is_redis_ready
from cli.errors import CommandError
from cli.read_settings import PLACEHOLDER_KEY, RUN_FILE, find_home, read_settings
from cli.up.announce import announce
from cli.up.assemble import assemble_settings, local_url, read_given
from cli.up.check_port import check_port
from cli.up.home import MIN_FREE_BYTES, lock_home, open_home
from cli.up.issue_keys import issue_missing_keys
from cli.up.kept_secrets import KeptSecrets, keep_secrets, open_secrets
from cli.up.parts import service_parts
from cli.up.private_file import write_private
from cli.up.screen import Screen
from cli.up.servers import Servers, plan_servers, server_parts
from cli.up.stop_signal import StopRequested, StopSignal
from cli.up.supervisor import Supervisor
from cli.up.watch import Watchdog
from cli.up.welcome import WelcomeFailed, make_welcome_picture
from cli.up_file import UP_FILE
from migrations.run import migrate
from shared.config import Settings, process_environment
from shared.db import Role, Sessions, make_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the steps of one `up` share."""

    home: Path
    settings: Settings
    servers: Servers
    screen: Screen
    stop: StopSignal
    supervisor: Supervisor

    @property
    def logs(self) -> Path:
        """Where each part's output goes."""
        return self.home / "logs"


def run_up(host: str | None, port: int | None, home: Path | None) -> None:
    """Start everything, keep it running until a signal, stop it all.

    Raises:
        CommandError: it cannot start, or goes on no longer.
    """
    started_at_s = time.monotonic()
    screen, stop = Screen(), StopSignal()
    folder = find_home(home)
    asked = read_settings(PLACEHOLDER_KEY, host=host, port=port)
    open_home(folder, MIN_FREE_BYTES)
    with _hold(folder, local_url(asked)) as watchdog:
        check_port(asked.host, asked.port)
        kept = open_secrets(folder)
        given = read_given(host, port, kept.secret_key)
        servers = plan_servers(folder, given, kept)
        run = Run(
            home=folder,
            settings=assemble_settings(given, folder, kept, servers),
            servers=servers,
            screen=screen,
            stop=stop,
            supervisor=Supervisor(screen, stop, watchdog),
        )
        stop.listen()
        try:
            _start_everything(run, kept)
            screen.say("ready", f"in {time.monotonic() - started_at_s:.1f} s")
            _keep_running(run)
        except StopRequested:
            pass
        except OSError as error:
            msg = f"{error.strerror}: {error.filename}" if error.filename else str(error)
            raise CommandError(msg) from None
        finally:
            _stop_everything(run)


@contextlib.contextmanager
def _hold(home: Path, url: str) -> Iterator[Watchdog]:
    """Hold the folder; the watchdog holds it with us, and longer if we are killed."""
    lock = lock_home(home, url)
    watchdog = Watchdog(lock)
    try:
        yield watchdog
    finally:
        watchdog.close()
        os.close(lock)


def _start_everything(run: Run, kept: KeptSecrets) -> None:
    for part in server_parts(run.servers, run.logs, {"LC_ALL": "C", "ATELIER_HOME": str(run.home)}):
        run.supervisor.start(part)
    _migrate(run)
    kept = issue_missing_keys(_sessions(run, Role.ADMIN), _sessions(run, Role.API), kept)
    keep_secrets(run.home, kept)
    # the password of the tables' owner is no business of the service
    settings = run.settings.model_copy(update={"migrations_database_url": None})
    parts = service_parts(
        settings, _sessions(run, Role.WORKER), run.logs, process_environment(settings)
    )
    # the API and the worker take longest, so they start side by side
    for started in [run.supervisor.launch(part) for part in parts[:-1]]:
        run.supervisor.await_ready(started)
    run.supervisor.start(parts[-1])
    url = local_url(run.settings)
    api_key = kept.api_key or ""
    _welcome(run, url, api_key)
    up = {"url": url, "api_key": api_key, "admin_key": kept.admin_key, "pid": os.getpid()}
    write_private(run.home / UP_FILE, up)
    announce(run.screen, url, api_key, run.home, run.settings.store_url.get_secret_value())


def _sessions(run: Run, role: Role) -> Sessions:
    return make_sessions(run.settings.model_copy(update={"database_pool_size": 1}), role=role)


def _migrate(run: Run) -> None:
    """Bring the database up to date.

    Raises:
        CommandError: a server that was named does not answer, or refuses.
    """
    settings = run.settings
    if run.servers.redis is None and not is_redis_ready(settings.redis_url.get_secret_value()):
        raise CommandError("REDIS_URL names a Redis that does not answer, or refuses the password")
    try:
        if run.servers.postgres is not None:
            ensure_database(run.servers.postgres.url(database="postgres"), DATABASE)
        with run.screen.working("database", "migrating"):
            migrate(settings)
    except (SQLAlchemyError, psycopg.Error, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[0]
        msg = f"the database (DATABASE_URL, MIGRATIONS_DATABASE_URL) cannot be used: {first_line}"
        raise CommandError(msg) from None
    run.screen.say("database", "up to date")
    urls = {"database_url": settings.database_url, "redis_url": settings.redis_url}
    write_private(run.home / RUN_FILE, {name: url.get_secret_value() for name, url in urls.items()})


def _welcome(run: Run, url: str, api_key: str) -> None:
    target = run.home / "welcome.png"
    try:
        with run.screen.working("welcome", "making the first picture"):
            is_new = make_welcome_picture(url, api_key, target, run.stop)
    except WelcomeFailed as error:
        run.screen.say("welcome", f"no picture: {error}. See {run.logs / 'worker.log'}")
        return
    if is_new:
        run.screen.say("welcome", f"made the first picture: {target}")


def _keep_running(run: Run) -> None:
    while True:
        run.stop.wait()
        run.supervisor.tend()


def _stop_everything(run: Run) -> None:
    for name in (UP_FILE, RUN_FILE):
        (run.home / name).unlink(missing_ok=True)
    if run.stop.is_set:
        run.screen.line()
        run.screen.line("Stopping. Ctrl-C again hurries.")
    run.supervisor.stop_all()
