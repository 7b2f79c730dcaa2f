"""Run the HTTP API in this process."""

import uvicorn

from cli.read_settings import read_settings

GRACE_S = 5


def run_api(host: str | None, port: int | None) -> None:
    """Serve until a signal; `api.app.create_app` is the composition root."""
    settings = read_settings(host=host, port=port)
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        # waiting calls and event streams would hold a stop for as long as they like
        timeout_graceful_shutdown=GRACE_S,
    )
