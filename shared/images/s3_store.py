"""Images in an S3 bucket."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.images.store import ObjectMissing, StoreError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MISSING = {"404", "NoSuchKey", "NotFound"}
_MAX_DELETE = 1000  # DeleteObjects takes no more in one call


class S3ImageStore:
    """`ImageStore` on a bucket, below an optional prefix.

    Links are signed by `signer`, whose endpoint is the one that callers reach.
    """

    def __init__(self, client: "S3Client", signer: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._signer = signer
        self._bucket = bucket
        self._prefix = prefix

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Upload in one request.

        Raises:
            StoreError: It is not stored.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + key, Body=data, ContentType=content_type
            )
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"cannot write {key}: {error}") from error

    def get(self, key: str) -> bytes:
        """Download whole.

        Raises:
            ObjectMissing: There is no such object.
            StoreError: The store does not answer.
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            return answer["Body"].read()
        except ClientError as error:
            if _code(error) in _MISSING:
                raise ObjectMissing(key) from error
            raise StoreError(f"cannot read {key}: {error}") from error
        except BotoCoreError as error:
            raise StoreError(f"cannot read {key}: {error}") from error

    def delete_prefix(self, prefix: str) -> int:
        """List and remove page by page.

        Raises:
            StoreError: Some may be left.
        """
        if not prefix.endswith("/"):
            raise StoreError("a prefix ends with a slash")
        try:
            return sum(self._delete(keys) for keys in self._pages(self._prefix + prefix))
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"cannot remove {prefix}: {error}") from error

    def find_link(self, key: str, lifetime_s: int, content_type: str) -> str:
        """Return a presigned URL; making it asks the store nothing."""
        return self._signer.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": self._prefix + key,
                "ResponseContentType": content_type,
            },
            ExpiresIn=lifetime_s,
        )

    def check(self) -> None:
        """Return if the bucket is there.

        Raises:
            StoreError: It is not, or the store does not answer.
        """
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"bucket {self._bucket}: {error}") from error

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        paginator = self._client.get_paginator("list_objects_v2")
        for page in paginator.paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": _MAX_DELETE}
        ):
            keys = [one["Key"] for one in page.get("Contents", [])]
            if keys:
                yield keys

    def _delete(self, keys: list[str]) -> int:
        answer = self._client.delete_objects(
            Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
        )
        errors: list[Any] = list(answer.get("Errors", []))
        if errors:
            raise StoreError(f"{len(errors)} of {len(keys)} objects could not be removed")
        return len(keys)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
