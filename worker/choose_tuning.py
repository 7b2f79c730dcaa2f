"""How the denoisers of a worker are run: as its settings say."""

from shared.config import Settings
from worker.engine.tuning import Attention, Compile, Tuning


def choose_tuning(settings: Settings) -> Tuning:
    """Return the tuning that a worker's settings ask for."""
    return Tuning(
        compile=Compile(settings.compile),
        cuda_graphs=settings.cuda_graphs,
        channels_last=settings.channels_last,
        attention=Attention(settings.attention),
    )
