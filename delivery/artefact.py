"""The revision that is released: assembled here, kept in the releases' bucket under its own digest."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cloudmart_cdk.revision import ApplicationError, Image, application, assemble, pack
from delivery.errors import DeliveryError

_FOLDER: Final = "releases"


@dataclass(frozen=True)
class Revision:
    """An archive that CodeDeploy takes. `title`: what it was made of, for people."""

    title: str
    content: bytes

    @property
    def key(self) -> str:
        """Its place in the bucket: the same content has the same one."""
        return f"{_FOLDER}/{hashlib.sha256(self.content).hexdigest()}.zip"

    def upload(self, s3: Any, bucket: str) -> None:
        """Unless it is there."""
        try:
            s3.head_object(Bucket=bucket, Key=self.key)
        except s3.exceptions.ClientError as error:
            # Who may not list a bucket is told 403 of what is not there.
            if error.response["Error"]["Code"] not in ("404", "403", "NoSuchKey"):
                raise
            s3.put_object(Bucket=bucket, Key=self.key, Body=self.content, ContentType="application/zip")


def make(given: str) -> Revision:
    """The revision of an application: `shop`, a folder (here, or in the project), an image. Raises `DeliveryError`."""
    folder = Path(given)
    try:
        found = application(str(folder.resolve()) if folder.is_dir() else given)
        with tempfile.TemporaryDirectory() as scratch:
            assembled, archive = Path(scratch, "revision"), Path(scratch, "revision.zip")
            assembled.mkdir()
            assemble(found, assembled)
            pack(assembled, archive)
            content = archive.read_bytes()
    except ApplicationError as refused:
        raise DeliveryError(
            "--application", why=f"given {refused.given}; allowed: {refused.allowed}", do=refused.do
        ) from None
    title = found.uri if isinstance(found, Image) else found.path.name
    return Revision(f"{title} ({hashlib.sha256(content).hexdigest()[:12]})", content)
