"""Being woken in the middle of a shift, by a message that says no more than "look now"."""

import logging
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import redis
from redis.client import PubSub

_POLL_S = 0.5

_log = logging.getLogger(__name__)


class WakeListener:
    """Calls back on every message of a channel, from a thread of its own.

    Attributes:
        is_reachable: Whether Redis answers; while it does not, nobody is woken.
    """

    def __init__(
        self, client: redis.Redis, channel: str, callbacks: Sequence[Callable[[], None]]
    ) -> None:
        self.is_reachable = True
        self._client = client
        self._channel = channel
        self._callbacks = callbacks
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wake", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError) as error:
                if self.is_reachable:
                    _log.warning("Redis does not answer (%s); polling", type(error).__name__)
                self.is_reachable = False
                self._ending.wait(_POLL_S)

    def _listen(self) -> None:
        """Listen until the end, or until Redis breaks off."""
        channel: PubSub = self._client.pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        with channel:
            channel.subscribe(self._channel)
            self._call_back()  # for what was said before we listened
            while not self._ending.is_set():
                if self._hear(channel):
                    self._call_back()
                self.is_reachable = True

    def _hear(self, channel: PubSub) -> bool:
        return channel.get_message(timeout=_POLL_S) is not None

    def _call_back(self) -> None:
        for callback in self._callbacks:
            callback()
