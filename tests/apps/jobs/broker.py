"""What lies in a real Redis for Celery's workers, and a Redis that goes away and comes back at the same address."""

import base64
import json
import subprocess
from contextlib import closing

import redis

from tests.servers import RedisServer

STOP_SECONDS = 10


def waiting(server: RedisServer, lane: str) -> list[tuple[str, list[int]]]:
    """Task and arguments of each message in this lane, the one that is taken first at the front."""
    with closing(redis.Redis(unix_socket_path=str(server.socket))) as client:
        return [_read(message) for message in reversed(client.lrange(lane, 0, -1))]


def empty(server: RedisServer) -> None:
    """Nothing lies in it."""
    with closing(redis.Redis(unix_socket_path=str(server.socket))) as client:
        client.flushall()


def stop(server: RedisServer) -> None:
    """The server is gone, with all it knew."""
    server.process.terminate()
    server.process.wait(timeout=STOP_SECONDS)
    server.socket.unlink(missing_ok=True)


def start_again(server: RedisServer) -> "subprocess.Popen[bytes]":
    """An empty server at the same address; the caller ends it."""
    process = subprocess.Popen(
        server.process.args, cwd=server.socket.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with closing(redis.Redis(unix_socket_path=str(server.socket))) as client:
        client.ping()  # tried again until it answers
    return process


def _read(message: bytes | str) -> tuple[str, list[int]]:
    envelope = json.loads(message)
    arguments, _, _ = json.loads(base64.b64decode(envelope["body"]))
    return envelope["headers"]["task"], arguments
