"""What `up` prints is for whoever listens, and ends nothing when nobody does."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from pathlib import Path
from cli.up.screen import Screen
screen = Screen()
with screen.working("api", "starting"):
    screen.say("api", "ready [on] port :smile: 1")
Path(OUT).write_text("still here")
"""


def test_lines_are_plain_where_no_terminal_is() -> None:
    program = PROGRAM.replace("OUT", repr(os.devnull))
    run = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert run.stdout == "api       ready [on] port :smile: 1\n"


def test_a_closed_pipe_ends_nothing(tmp_path: Path) -> None:
    left = tmp_path / "left"
    reader, writer = os.pipe()
    os.close(reader)
    program = PROGRAM.replace("OUT", repr(str(left)))
    subprocess.run((sys.executable, "-c", program), stdout=writer, check=True)
    os.close(writer)
    assert left.read_text() == "still here"
