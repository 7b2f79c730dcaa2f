"""What a newcomer needs, once everything runs."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cli.up.screen import Screen
from cli.up.welcome import PROMPT


def announce(screen: Screen, url: str, api_key: str, home: Path, store_url: str) -> None:
    """Print the page, the key, a command to paste, and where things lie."""
    body = json.dumps({"task": "text-to-image", "model": "mini", "prompt": PROMPT})
    screen.line()
    screen.say("page", f"{url}/#key={api_key}")
    screen.say("key", api_key)
    screen.say("pictures", _describe_store(store_url))
    screen.say("logs", str(home / "logs"))
    screen.line("\nA picture from the command line:\n")
    screen.line(f"  curl -s {url}/v1/jobs -H 'Authorization: Bearer {api_key}' \\")
    screen.line("    -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\")
    screen.line(f"    -d '{body}'")
    screen.line("\nCtrl-C stops everything.\n")


def _describe_store(store_url: str) -> str:
    """Name the folder, or the bucket without its secrets."""
    parts = urlsplit(store_url)
    if parts.scheme == "file":
        return unquote(parts.netloc + parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
