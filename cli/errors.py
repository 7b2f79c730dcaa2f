"""What a command says instead of a traceback."""


class CommandError(Exception):
    """The command cannot go on; the message says what to do about it."""
