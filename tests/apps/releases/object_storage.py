"""A server that speaks S3, on loopback, and what can go wrong with what it stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import boto3
from moto.server import ThreadedMotoServer

from config.artifacts import artifacts_storage

BUCKET = "artifacts-of-tests"


@dataclass(frozen=True)
class ObjectStorage:
    """The bucket in which artifacts lie below `epicml/`."""

    endpoint: str
    client: Any

    @property
    def address(self) -> str:
        """What ARTIFACTS_URL would say."""
        return f"s3://{BUCKET}/epicml?endpoint={self.endpoint}&region=eu-central-1"

    def names(self) -> list[str]:
        """Everything that is stored, below the prefix."""
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [entry["Key"].removeprefix("epicml/") for entry in found]

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"epicml/{name}", Body=content)

    def get(self, name: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=f"epicml/{name}")["Body"].read()
        return content

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"epicml/{name}")

    def damage(self, name: str) -> None:
        """One byte of the object is another one; its size is the same."""
        content = bytearray(self.get(name))
        content[len(content) // 2] ^= 1
        self.put(name, bytes(content))

    def refuse_everybody(self) -> None:
        """From now on the server wants credentials that it knows, and knows none."""
        self._open_to("0")

    def refuse_nobody(self) -> None:
        self._open_to("inf")

    def _open_to(self, requests: str) -> None:
        headers = {"Content-Type": "text/plain"}
        address = f"{self.endpoint}/moto-api/reset-auth"
        with urlopen(Request(address, data=requests.encode(), headers=headers, method="POST")) as answer:
            answer.read()


@contextmanager
def running_object_storage() -> Iterator[ObjectStorage]:
    """A server with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="a-test",
        aws_secret_access_key="a-test",
    )
    try:
        yield ObjectStorage(endpoint, client)
    finally:
        client.close()
        server.stop()


def empty_bucket(client: Any) -> None:
    """The bucket is there, and nothing in it."""
    buckets = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    if BUCKET not in buckets:
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])


@contextmanager
def cutting_proxy(storage: ObjectStorage, *, cuts: str) -> Iterator[str]:
    """The address of a server that passes everything on, but breaks off in the middle of objects with this ending."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            signed = {name: value for name, value in self.headers.items() if name.lower().startswith(("auth", "x-amz"))}
            with urlopen(Request(storage.endpoint + self.path, headers=signed)) as answer:
                content = answer.read()
            is_cut = self.path.endswith(cuts)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def storages_at(address: str) -> dict[str, Any]:
    """Django's STORAGES with artifacts at this address."""
    return {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        "artifacts": artifacts_storage(address),
    }
