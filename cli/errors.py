"""What a command says instead of a traceback.

- CommandError
    - AskedWrongly
    - ServiceFailed
"""

from typing import ClassVar


class CommandError(Exception):
    """The command cannot go on; the message says what to do about it.

    Attributes:
        exit_status: What the process ends with.
    """

    exit_status: ClassVar[int] = 1


class AskedWrongly(CommandError):
    """What was asked for is not there to be had."""

    exit_status = 2


class ServiceFailed(CommandError):
    """The service does not answer or refuses, where 1 is an answer of its own."""

    exit_status = 3
