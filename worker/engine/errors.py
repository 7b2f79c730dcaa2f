"""What the engine refuses.

- EngineError
    - ModelUnavailable
        - ModelTooLarge
    - ModelInUse
    - NoFreeSlot
    - NonFinitePicture
    - Unsupported
        - UnsupportedScheduler
"""


class EngineError(Exception):
    """A call of the engine that cannot be met."""


class ModelUnavailable(EngineError):
    """The model is not loaded, or cannot be; the message says what is missing and where."""


class ModelTooLarge(ModelUnavailable):
    """The device has no memory for the model; it was not even begun to be loaded."""


class ModelInUse(EngineError):
    """The model has generations that run or wait to start."""


class NoFreeSlot(EngineError):
    """As many generations run as the engine has slots."""


class NonFinitePicture(EngineError):
    """Latents that were numbers decoded to values that are none, in float32 too."""


class Unsupported(EngineError):
    """The model cannot do what the request asks for; the message says what."""


class UnsupportedScheduler(Unsupported, ValueError):
    """No scheduler has this name or this spacing, or the model cannot follow it."""
