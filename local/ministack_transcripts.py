"""Transcripts of chats as objects of MiniStack's Amazon S3, in the account and region of the instance."""

from ministack.core.responses import request_scope
from ministack.services import s3


class Buckets:
    """Keeps transcripts, and makes the bucket if it is not there."""

    def __init__(self, account: str, region: str) -> None:
        self._owner = (account, region)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Keep an object. If Amazon S3 does not accept the bucket's name, nothing is kept."""
        with request_scope(*self._owner):
            if s3._ensure_bucket(bucket) is None:
                s3._create_bucket(bucket, b"")
            s3._put_object(bucket, key, body, {"content-type": "application/json"})

    def size(self, bucket: str, key: str) -> int | None:
        """The object's size in bytes, or None if it is not there."""
        with request_scope(*self._owner):
            body: bytes | None = s3._get_object_data(bucket, key)
        return None if body is None else len(body)
