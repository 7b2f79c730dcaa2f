"""From STORE_URL to the store it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from shared.config import Settings
from shared.images.file_store import FileImageStore
from shared.images.s3_store import S3ImageStore
from shared.images.store import ImageStore

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_KNOWN_OPTIONS = {"endpoint", "region"}


class StoreUrlInvalid(ValueError):
    """STORE_URL names no store that this program knows."""


def make_store(settings: Settings) -> ImageStore:
    """Build the store of a process.

    Raises:
        StoreUrlInvalid: The scheme, the bucket or an option is not understood.
    """
    url = urlsplit(settings.store_url.get_secret_value())
    if url.scheme == "file":
        return FileImageStore(Path(unquote(url.netloc + url.path)))
    if url.scheme == "s3":
        return _make_s3_store(url, settings.store_public_url)
    raise StoreUrlInvalid(f"STORE_URL starts with file:// or s3://, not {url.scheme!r}")


def _make_s3_store(url: SplitResult, public_endpoint: str | None) -> S3ImageStore:
    options = {name: values[-1] for name, values in parse_qs(url.query).items()}
    unknown = set(options) - _KNOWN_OPTIONS
    if unknown:
        raise StoreUrlInvalid(
            f"STORE_URL knows {sorted(_KNOWN_OPTIONS)}, not {', '.join(sorted(unknown))}"
        )
    if not url.hostname:
        raise StoreUrlInvalid("STORE_URL names no bucket: s3://bucket?endpoint=https://host")
    bucket = url.netloc.rpartition("@")[2]
    prefix = url.path.strip("/")
    client = _make_client(url, options, options.get("endpoint"))
    signer = client
    if public_endpoint is not None:
        signer = _make_client(url, options, public_endpoint)
    return S3ImageStore(client, signer, bucket, f"{prefix}/" if prefix else "")


def _make_client(url: SplitResult, options: dict[str, str], endpoint: str | None) -> "S3Client":
    # servers other than AWS are reached by one name, so the bucket stands in the path
    style: Literal["path", "auto"] = "path" if endpoint else "auto"
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=options.get("region", "us-east-1"),
        aws_access_key_id=unquote(url.username) if url.username else None,
        aws_secret_access_key=unquote(url.password) if url.password else None,
        config=Config(
            signature_version="s3v4",
            connect_timeout=3,
            read_timeout=15,
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": style},
            # the newer checksums are unknown to many servers that speak S3
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
