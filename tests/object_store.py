"""An object store of the tests' own: moto's server, which speaks S3 over HTTP, on a free loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def s3_server() -> Iterator[dict[str, Any]]:
    """Options of `BlobStore` for a server with the bucket `reelwise`, empty."""
    moto_server = pytest.importorskip("moto.server", reason="moto is not installed (pip install 'reelwise[dev]')")
    import boto3

    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
        client.create_bucket(Bucket="reelwise")
        yield {
            "endpoint_url": url,
            "key": keys["aws_access_key_id"],
            "secret": keys["aws_secret_access_key"],
            "client_kwargs": {"region_name": "us-east-1"},
        }
    finally:
        server.stop()
