"""Starts the parts, starts again what ends, stops all in order."""

import subprocess
import time
from dataclasses import dataclass

from cli.embedded.process import Command, describe_end, kill_group, start_process
from cli.errors import CommandError
from cli.up.logs import limit_log, measure_log, read_tail
from cli.up.part import Part
from cli.up.screen import Screen
from cli.up.stop_signal import StopSignal
from cli.up.watch import Watchdog

FIRST_DELAY_S = 0.5
MAX_DELAY_S = 30.0
# a part that ran this long had no trouble starting
STEADY_S = 60.0
HURRIED_GRACE_S = 3.0
LOG_CHECK_S = 60.0
POLL_S = 0.05


@dataclass(slots=True, kw_only=True)
class Running:
    """A part and its process of the moment."""

    part: Part
    process: subprocess.Popen[bytes]
    command: Command
    started_at_s: float
    log_start_bytes: int
    num_failures: int = 0
    restart_at_s: float | None = None
    is_ready: bool = False


class Supervisor:
    """Every child process of `up`. Only `tend` and the waits look at the clock."""

    def __init__(self, screen: Screen, stop: StopSignal, watchdog: Watchdog) -> None:
        self._screen = screen
        self._stop = stop
        self._watchdog = watchdog
        self._parts: list[Running] = []
        self._next_log_check_s = 0.0

    def launch(self, part: Part) -> Running:
        """Start the part's process and go on.

        Raises:
            CommandError: it cannot be started.
        """
        try:
            running = self._spawn(part)
        except OSError as error:
            msg = f"{part.name} cannot be started: {error}"
            raise CommandError(msg) from None
        self._parts.append(running)
        return running

    def await_ready(self, running: Running) -> None:
        """Wait until the part is ready, and say so.

        Raises:
            CommandError: it ended, or took too long; the message shows the end of its log.
        """
        part = running.part
        deadline_s = time.monotonic() + part.start_timeout_s
        with self._screen.working(part.name, "starting"):
            while not part.is_ready():
                if running.process.poll() is not None:
                    raise CommandError(_explain(running, describe_end(running.process.returncode)))
                if time.monotonic() > deadline_s:
                    reason = f"was not ready within {part.start_timeout_s:g} s"
                    raise CommandError(_explain(running, reason))
                self._stop.wait()
        running.is_ready = True
        self._screen.say(part.name, part.describe())

    def start(self, part: Part) -> None:
        """Start the part and wait until it is ready."""
        self.await_ready(self.launch(part))

    def tend(self) -> None:
        """Look once at every part: say what ended, start again what is due."""
        now_s = time.monotonic()
        for running in self._parts:
            if running.restart_at_s is not None:
                if now_s >= running.restart_at_s:
                    self._restart(running)
            elif running.process.poll() is not None:
                self._take_note_of_end(running, describe_end(running.process.returncode))
            elif not running.is_ready and running.part.is_ready():
                running.is_ready = True
                self._screen.say(running.part.name, "runs again")
        if now_s >= self._next_log_check_s:
            self._next_log_check_s = now_s + LOG_CHECK_S
            for running in self._parts:
                limit_log(running.part.log)

    def stop_all(self) -> None:
        """Stop every part, last started first; what they need is stopped after them."""
        while self._parts:
            running = self._parts[-1]
            with self._screen.working(running.part.name, "stopping"):
                self._end(running)
            self._parts.pop()
            self._screen.say(running.part.name, "stopped")

    def _spawn(self, part: Part) -> Running:
        command = part.prepare()
        log_start_bytes = measure_log(part.log)
        process = start_process(command, part.log)
        self._watchdog.note_start(process.pid, command, part.grace_s)
        return Running(
            part=part,
            process=process,
            command=command,
            started_at_s=time.monotonic(),
            log_start_bytes=log_start_bytes,
        )

    def _take_note_of_end(self, running: Running, how: str) -> None:
        self._watchdog.note_end(running.process.pid)
        # its own children are no use without it, and its successor must not meet them
        kill_group(running.process.pid)
        was_steady = time.monotonic() - running.started_at_s > STEADY_S
        running.num_failures = 1 if was_steady else running.num_failures + 1
        running.is_ready = False
        delay_s = min(FIRST_DELAY_S * 2 ** (running.num_failures - 1), MAX_DELAY_S)
        running.restart_at_s = time.monotonic() + delay_s
        hint = f" (see {running.part.log})" if running.num_failures > 1 else ""
        self._screen.say(running.part.name, f"{how}; starting it again in {delay_s:g} s{hint}")

    def _restart(self, running: Running) -> None:
        try:
            fresh = self._spawn(running.part)
        except OSError as error:  # a full disk, say: it may have room again later
            self._take_note_of_end(running, f"cannot be started ({error})")
            return
        running.process = fresh.process
        running.command = fresh.command
        running.started_at_s = fresh.started_at_s
        running.log_start_bytes = fresh.log_start_bytes
        running.restart_at_s = None

    def _end(self, running: Running) -> None:
        if running.restart_at_s is not None:
            return  # it ended a while ago: its number may be a stranger's by now
        process = running.process
        if process.poll() is None:
            process.send_signal(running.command.stop_signal)
            asked_at_s = time.monotonic()
            while process.poll() is None and not self._is_over(running.part, asked_at_s):
                time.sleep(POLL_S)
        kill_group(process.pid)
        process.wait()
        self._watchdog.note_end(process.pid)

    def _is_over(self, part: Part, asked_at_s: float) -> bool:
        grace_s = min(part.grace_s, HURRIED_GRACE_S) if self._stop.is_hurried else part.grace_s
        return time.monotonic() - asked_at_s > grace_s


def _explain(running: Running, how: str) -> str:
    tail = read_tail(running.part.log, running.log_start_bytes)
    shown = "".join(f"\n    {line}" for line in tail) or " nothing"
    return f"{running.part.name} {how}. The end of {running.part.log}:{shown}"
