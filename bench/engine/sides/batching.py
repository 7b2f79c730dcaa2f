"""Ours, and P3, which is ours with batch limit 1: the engine's loop in a thread behind FastAPI."""

import asyncio
import collections
import json
import queue
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from PIL import Image

from bench.engine.our_engine import OurEngine, make_engine
from bench.engine.sides.answer import Answer, expired, finished
from bench.engine.subject import Subject
from bench.engine.workloads import Ask
from worker.engine.events import Canceled, EngineEvent, Failed, Finished, Pixels, StepDone

IDLE_S = 0.1
# Pixels with begin and end, whose PNG is made off the loop; or the answer of one that expired.
Made = tuple[Pixels, float, float] | Answer


@dataclass(slots=True)
class Held:
    """One ask on its way through the engine."""

    ask: Ask
    answer: Future[Made]
    started_s: float


class EngineLoop(threading.Thread):
    """Takes asks in and ticks while there is work, as the service's loop does.

    Attributes:
        ticks: How often a tick had such a width, so many images of one row, so many of two.
    """

    def __init__(self, ours: OurEngine) -> None:
        super().__init__(daemon=True)
        self.ticks: collections.Counter[tuple[int, int, int]] = collections.Counter()
        self._ours = ours
        self._arrivals: queue.SimpleQueue[tuple[Ask, Future[Made]]] = queue.SimpleQueue()
        self._held: dict[str, Held] = {}
        self._number = 0

    def submit(self, ask: Ask) -> Future[Made]:
        """Queue an ask."""
        answer: Future[Made] = Future()
        self._arrivals.put((ask, answer))
        return answer

    def run(self) -> None:
        """Tick for ever."""
        engine = self._ours.engine
        while True:
            while engine.free_slots > 0 and self._admit(may_wait=not engine.has_work):
                pass
            if engine.has_work:
                self._expire()
                self._tell(engine.step())

    def _admit(self, *, may_wait: bool) -> bool:
        try:
            ask, answer = self._arrivals.get(block=may_wait, timeout=IDLE_S)
        except queue.Empty:
            return False
        now_s = time.monotonic()
        if ask.expires_at_s < now_s:
            answer.set_result(expired(now_s, 0.0))
            return True
        self._number += 1
        name = str(self._number)
        self._held[name] = Held(ask, answer, now_s)
        self._ours.admit(name, ask)
        return True

    def _expire(self) -> None:
        now_s = time.monotonic()
        for name, held in self._held.items():
            if held.ask.expires_at_s < now_s:
                self._ours.engine.cancel(name)

    def _tell(self, events: list[EngineEvent]) -> None:
        stepped = [self._held[event.id].ask for event in events if isinstance(event, StepDone)]
        if stepped:
            pairs = sum(ask.rows - 1 for ask in stepped)
            self.ticks[stepped[0].width_px, len(stepped) - pairs, pairs] += 1
        for event in events:
            if isinstance(event, Finished):
                held = self._held.pop(event.id)
                held.answer.set_result((event.images[0], held.started_s, time.monotonic()))
            elif isinstance(event, Canceled):
                held = self._held.pop(event.id)
                share = event.steps_done / held.ask.num_inference_steps
                held.answer.set_result(expired(held.started_s, share))
            elif isinstance(event, Failed):
                self._held.pop(event.id).answer.set_exception(RuntimeError(event.message))


def make_app(loop: EngineLoop) -> FastAPI:
    """Build the front of a loop."""
    app = FastAPI()

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.post("/generate")
    async def generate(ask: Ask) -> Answer:
        made = await asyncio.wrap_future(loop.submit(ask))
        if isinstance(made, Answer):
            return made
        pixels, started_s, ended_s = made
        picture = Image.fromarray(pixels)
        return await asyncio.to_thread(finished, picture, started_s, ended_s)

    @app.post("/ticks")
    async def ticks() -> list[tuple[int, int, int, int]]:
        """Return the ticks since the last call."""
        seen, loop.ticks = loop.ticks, collections.Counter()
        return [(*tick, count) for tick, count in seen.items()]

    return app


def main() -> None:
    """Serve until killed."""
    subject, options = Subject.parse(sys.argv[1]), json.loads(sys.argv[3])
    loop = EngineLoop(make_engine(subject, **options))
    loop.start()
    uvicorn.run(make_app(loop), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")


if __name__ == "__main__":
    main()
