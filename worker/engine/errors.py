"""What the engine refuses.

- EngineError
    - ModelUnavailable
    - NoFreeSlot
"""


class EngineError(Exception):
    """A call of the engine that cannot be met."""


class ModelUnavailable(EngineError):
    """The model is not loaded, or cannot be; the message says what is missing and where."""


class NoFreeSlot(EngineError):
    """As many generations run as the engine has slots."""
