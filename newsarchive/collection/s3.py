"""A collection in S3, or in what speaks its language: the only user of s3fs.

Objects appear whole. What only one of several workers may create is put with `If-None-Match: *`, which S3, MinIO and
Ceph honour; a store that ignores it cannot hold a collection.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from newsarchive.collection.errors import CollectionError
from newsarchive.database import AddressError
from newsarchive.database.warcfiles import file_sha256

TRIES = 5
"""Attempts to create an object while S3 answers that another attempt is under way (409)."""


class S3Store:
    """A prefix in a bucket. Endpoint and keys are those of the environment, as for other tools (AWS_ENDPOINT_URL)."""

    def __init__(self, files: Any, root: str) -> None:
        self._files = files
        self._root = root
        self.address = f"s3://{root}"

    @classmethod
    def of(cls, address: str) -> S3Store:
        """Return the store at `s3://BUCKET/PREFIX`. Raises AddressError; CollectionError without the extra."""
        root = re.sub(r"/+", "/", address.partition("://")[2]).strip("/")
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]+(/[^\x00-\x1f]+)?", root) or "/../" in f"/{root}/":
            raise AddressError(f"“{address}” names no bucket: s3://BUCKET/PREFIX.")
        try:
            import s3fs
        except ImportError as error:
            raise CollectionError(
                "A collection in S3 needs s3fs: pip install 'newsarchive[s3]' (or s3fs in this environment)."
            ) from error
        return cls(s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True), root)

    def read(self, name: str) -> bytes:
        """Return the content of an object. Raises FileNotFoundError."""
        data: bytes = self._call(self._files.cat_file, self._path(name))
        return data

    def create(self, name: str, data: bytes) -> bool:
        """Create an object unless there is one of this name; return True if this call did."""
        bucket, _, key = self._path(name).partition("/")
        for attempt in range(TRIES):
            try:
                self._call(self._files.call_s3, "put_object", Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
            except FileExistsError:
                return self.read(name) == data  # an answer was lost, and the attempt repeated
            except OSError as error:
                if not _is_conflict(error) or attempt == TRIES - 1:
                    raise
                time.sleep(0.1 * 2**attempt)
            else:
                return True
        return False

    def replace(self, name: str, data: bytes) -> None:
        """Write an object in place of what has its name."""
        self._call(self._files.pipe_file, self._path(name), data)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted."""
        try:
            found = self._call(self._files.ls, self._path(folder), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return sorted({path.rstrip("/").rpartition("/")[2] for path in found} - {""})

    def files(self, folder: str) -> list[str]:
        """Return the names of all objects below a folder."""
        found = self._call(self._files.find, self._path(folder), refresh=True)
        return sorted(path.removeprefix(f"{self._root}/") for path in found)

    def delete(self, folder: str) -> None:
        """Delete an object, or all below a folder."""
        try:
            self._call(self._files.rm, self._path(folder), recursive=True)
        except FileNotFoundError:
            return

    def delete_drafts(self, folder: str, *, seconds: float = 0.0) -> None:
        """Do nothing: an object appears whole or not at all."""

    def local(self, name: str) -> Path | None:
        """Return None: nothing of it is on this machine's disk."""
        return None

    def share(self, old: str, new: str) -> str:
        """Return the old name: an object has one name, and manifests refer to where it is."""
        return old

    def settle(self, folder: str) -> None:
        """Do nothing: what S3 has acknowledged stays."""

    def put(self, source: Path, name: str, size: int | None = None) -> tuple[int, str]:
        """Store a copy of a local file. Raises CollectionError if it has not the size that it should have."""
        length, sha256 = source.stat().st_size, file_sha256(source)
        if size is not None and length != size:
            raise CollectionError(f"{source} has {length} bytes instead of {size}.")
        self._call(self._files.put_file, str(source), self._path(name))
        return length, sha256

    def get(self, name: str, target: Path) -> None:
        """Copy an object to a local file. Raises FileNotFoundError."""
        self._call(self._files.get_file, self._path(name), str(target))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    def _call(self, method: Any, *arguments: Any, **named: Any) -> Any:
        """Call s3fs; what botocore raises of its own, such as missing keys, becomes a sentence."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return method(*arguments, **named)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "412"):
                raise FileExistsError(str(error)) from error
            raise CollectionError(f"{self.address} cannot be used: {error}.") from error
        except BotoCoreError as error:
            raise CollectionError(f"{self.address} cannot be used: {str(error).rstrip('.')}.") from error


def _is_conflict(error: OSError) -> bool:
    """True if S3 says that another attempt to create the object is under way."""
    cause = error.__cause__
    response = getattr(cause, "response", None) or {}
    return bool(response.get("Error", {}).get("Code") in ("ConditionalRequestConflict", "409"))
