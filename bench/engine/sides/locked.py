"""P1: FastAPI and one lock around the pipeline, which is what people write first."""

import asyncio
import sys
import time

import uvicorn
from fastapi import FastAPI

from bench.engine.sides.answer import Answer, expired, finished
from bench.engine.subject import BarePipeline, Subject
from bench.engine.workloads import Ask


def make_app(subject: Subject) -> FastAPI:
    """Build it. The lock is asyncio's, since it is fair; the PNG is made outside it."""
    app = FastAPI()
    pipeline = BarePipeline(subject)
    lock = asyncio.Lock()

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.post("/generate")
    async def generate(ask: Ask) -> Answer:
        async with lock:
            started_s = time.monotonic()
            if started_s > ask.expires_at_s:
                return expired(started_s, 0.0)
            [picture] = await asyncio.to_thread(pipeline.paint, [ask])
            ended_s = time.monotonic()
        return await asyncio.to_thread(finished, picture, started_s, ended_s)

    return app


if __name__ == "__main__":
    uvicorn.run(
        make_app(Subject.parse(sys.argv[1])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
    )
