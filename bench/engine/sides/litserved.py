"""P2: LitServe, which batches whole requests; those of a batch that are alike run as one call."""

import json
import sys
import time
from typing import Any

import litserve  # type: ignore[import-not-found]

from bench.engine.sides.answer import Answer, expired, finished
from bench.engine.subject import BarePipeline, Subject
from bench.engine.workloads import Ask


class PipelineApi(litserve.LitAPI):  # type: ignore[misc]
    """A pipeline behind LitServe's batching."""

    def __init__(self, subject: Subject, max_batch_size: int, batch_timeout_s: float) -> None:
        super().__init__(
            max_batch_size=max_batch_size, batch_timeout=batch_timeout_s, api_path="/generate"
        )
        self._subject = subject

    def setup(self, device: str) -> None:  # noqa: ARG002 - the subject says where
        """Load the pipeline in the worker process."""
        self._pipeline = BarePipeline(self._subject)

    def decode_request(self, request: dict[str, Any]) -> Ask:
        """Read one request."""
        return Ask(**request)

    def batch(self, inputs: list[Ask]) -> list[Ask]:
        """Leave them as they are; `predict` groups them."""
        return inputs

    def predict(self, asks: list[Ask]) -> list[Answer]:
        """Make the pictures, those of one kind together."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for index, ask in enumerate(asks):
            groups.setdefault(ask.kind, []).append(index)
        answers: dict[int, Answer] = {}
        for indices in groups.values():
            started_s = time.monotonic()
            alive = [index for index in indices if asks[index].expires_at_s > started_s]
            answers |= {index: expired(started_s, 0.0) for index in indices}
            if alive:
                pictures = self._pipeline.paint([asks[index] for index in alive])
                ended_s = time.monotonic()
                for index, picture in zip(alive, pictures, strict=True):
                    answers[index] = finished(picture, started_s, ended_s)
        return [answers[index] for index in range(len(asks))]

    def unbatch(self, output: list[Answer]) -> list[Answer]:
        """Hand each its own."""
        return output

    def encode_response(self, output: Answer) -> Answer:
        """Answer as JSON."""
        return output


if __name__ == "__main__":
    options = json.loads(sys.argv[3])
    server = litserve.LitServer(
        PipelineApi(Subject.parse(sys.argv[1]), **options),
        accelerator="cpu",  # the API itself moves the pipeline to its device
        workers_per_device=1,
        timeout=False,
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning"
    )
