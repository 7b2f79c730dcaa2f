"""`atelier models`: what the service can run."""

import json

from cli.client import Server, ask


def list_models(server: Server, *, as_json: bool) -> None:
    """Print the catalog."""
    with server.open() as client:
        page = ask(client, "GET", "/v1/models")
    if as_json:
        print(json.dumps(page))
        return
    for model in page["data"]:
        print(f"{model['id']:<16}  {', '.join(model['tasks'])}  {model['name']}")
