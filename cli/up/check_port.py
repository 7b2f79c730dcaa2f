"""Is the port free? Asked before anything is started."""

import socket

import psutil

from cli.embedded.process import find_free_port
from cli.errors import CommandError


def check_port(host: str, port: int) -> None:
    """Return if the API can listen there.

    Raises:
        CommandError: it cannot; the message names the port and a way out.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            # a connection that lingers from the last run is no reason to refuse
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        free_port = find_free_port()
        msg = (
            f"cannot listen on port {port} of {host}: {error.strerror}{_name_owner(port)}. "
            f"Stop what uses it, or choose another: atelier up --port {free_port} "
            f"(make up PORT={free_port})"
        )
        raise CommandError(msg) from None


def _name_owner(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (port,):
                if connection.pid is None:
                    return ""
                return f", by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        return ""
    return ""
