"""What every side answers."""

import base64
import io
import time
from typing import Any

from pydantic import BaseModel


class Answer(BaseModel):
    """One picture, and when it was worked on, on the machine's monotonic clock.

    Attributes:
        share: How much of the work was done, 0 to 1; below 1 the ask expired.
        png: base64; empty when it expired.
    """

    started_s: float
    ended_s: float
    share: float
    png: str


def finished(picture: Any, started_s: float, ended_s: float) -> Answer:  # noqa: ANN401
    """Answer with a PIL image."""
    file = io.BytesIO()
    picture.save(file, format="png")
    png = base64.b64encode(file.getvalue()).decode()
    return Answer(started_s=started_s, ended_s=ended_s, share=1.0, png=png)


def expired(started_s: float, share: float) -> Answer:
    """Answer that the time was up."""
    return Answer(started_s=started_s, ended_s=time.monotonic(), share=share, png="")
