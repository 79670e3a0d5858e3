"""The dump's file: recognised by what is in it, and opened as one stream of SQL text.

Owns formats and compression. A plain dump is read as it is; one in custom format goes through `pg_restore`, which
writes the same text. Nothing here runs SQL.
"""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from .problems import Problem, TruncatedError

_BLOCK: Final = 1 << 18
_HEADER: Final = b"--\n-- PostgreSQL database dump\n"
END: Final = b"-- PostgreSQL database dump complete"
_HOW: Final = "dump again: pg_dump -Fc DATABASE > cloudmart.dump"
_FOREIGN: Final = (
    (b"", "an empty file"),
    (b"\xff\xfe", "text in UTF-16, as PowerShell's > writes it"),
    (b"\xfe\xff", "text in UTF-16, as PowerShell's > writes it"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd"),
    (b"\x04\x22\x4d\x18", "a file compressed with lz4"),
    (b"\xfd7zXZ\x00", "a file compressed with xz"),
    (b"BZh", "a file compressed with bzip2"),
    (b"PK\x03\x04", "a zip archive"),
    (_HEADER.replace(b"\n", b"\r\n"), "a dump with Windows line ends, as a terminal (docker exec -t) makes them"),
    (b"--\n-- PostgreSQL database cluster dump", "a dump of all databases (pg_dumpall)"),
)
"""What a file begins with -> what it is: the usual mistakes."""


@dataclass(frozen=True)
class Recognised:
    """What a file holds."""

    path: Path
    format: Literal["plain", "custom"]
    zipped: bool
    size: int
    """Bytes on disk, what progress is counted in."""


def recognise(path: Path) -> Recognised:
    """By content, never by name. `Problem`: not there, not readable, not a dump of one database, already cut short."""
    if path.is_dir():
        raise _refused(path, "a folder (pg_dump -Fd)")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
            if zipped := head.startswith(b"\x1f\x8b"):
                file.seek(0)
                head = gzip.GzipFile(fileobj=file).read(512)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise cut_short(f"a gzip file that breaks off ({error})") from None
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    if head.startswith(b"PGDMP"):
        return Recognised(path, "custom", zipped, size)
    if head.startswith(_HEADER):
        if not zipped:
            _look_at_the_end(path, size)
        return Recognised(path, "plain", zipped, size)
    if head[257:262] == b"ustar":
        raise _refused(path, "a tar archive (pg_dump -Ft)")
    for magic, what in _FOREIGN:
        if head.startswith(magic) and (magic or not head):
            raise _refused(path, what)
    raise _refused(path, f"{path.name}, which begins with {head[:24]!r}")


def _refused(path: Path, given: str) -> Problem:
    return Problem(
        f"dump {path.name}",
        given=given,
        allowed="what pg_dump writes of one database, plain or custom format, gzip or not",
        do=_HOW,
    )


def cut_short(given: str) -> Problem:
    """The line for every way in which a dump can end too early."""
    return Problem("dump", given=given, allowed="a whole dump", do="copy it again, or dump again")


def _look_at_the_end(path: Path, size: int) -> None:
    """A plain dump says when it is complete: seconds instead of a restore of hours for nothing."""
    with path.open("rb") as file:
        file.seek(max(0, size - 1024))
        if END not in file.read():
            raise cut_short(f"{path.name}, which breaks off: its last line does not say that it is complete")


def fingerprint(dump: Recognised, progress: Callable[[float], None]) -> str:
    """BLAKE2b of the file, 32 hexadecimal digits: by it a dump is known that was moved in before."""
    digest = hashlib.blake2b(digest_size=16)
    done = 0
    with dump.path.open("rb") as file:
        while block := file.read(_BLOCK * 4):
            digest.update(block)
            done += len(block)
            progress(done / dump.size)
    return digest.hexdigest()


class Opened:
    """The text of a dump, line by line. A context manager: whatever it started ends with it."""

    def __init__(self, dump: Recognised, *, binaries: Path | None) -> None:
        """`binaries`: the folder of PostgreSQL 16's programs; None: PATH."""
        self._dump = dump
        self._pg_restore = _pg_restore(binaries) if dump.format == "custom" else ""

    def __enter__(self) -> "Opened":
        self._file = self._dump.path.open("rb")
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._broken: Exception | None = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout
            self._process.stdout.close()
        self._errors.close()
        self._file.close()

    @property
    def share(self) -> float:
        """How much of the file has been read, 0 to 1."""
        # pg_restore shares the file's position where it reads the file itself.
        return os.lseek(self._file.fileno(), 0, os.SEEK_CUR) / max(1, self._dump.size)

    def lines(self) -> Iterator[bytes]:
        """Every line with its end. `TruncatedError` or `Problem` where the file breaks off or is damaged."""
        source: IO[bytes] = self._file
        if self._dump.zipped:
            source = io.BufferedReader(gzip.GzipFile(fileobj=self._file), _BLOCK)
        try:
            if self._dump.format == "plain":
                yield from source
            else:
                yield from self._through_pg_restore(source)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TruncatedError(f"gzip: {error}") from None

    def _through_pg_restore(self, source: IO[bytes]) -> Iterator[bytes]:
        command = [self._pg_restore, "--format=custom", "--no-owner", "--no-privileges", "--file=-"]
        environment = {**os.environ, "LC_ALL": "C"}
        stdin: int | IO[bytes] = subprocess.PIPE if self._dump.zipped else source
        self._process = process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=self._errors, env=environment, bufsize=_BLOCK
        )
        feeder = None
        if process.stdin:
            feeder = threading.Thread(target=self._feed, args=(source, process.stdin), daemon=True)
            feeder.start()
        assert process.stdout
        yield from process.stdout
        status = process.wait()
        if feeder:
            feeder.join()
        if self._broken:
            raise self._broken
        if status:
            raise self._said()

    def _feed(self, source: IO[bytes], sink: IO[bytes]) -> None:
        try:
            shutil.copyfileobj(source, sink, _BLOCK)
            sink.close()
        except BrokenPipeError:
            return  # pg_restore has ended; it says why
        except (EOFError, OSError, zlib.error) as error:
            self._broken = error
            sink.close()

    def _said(self) -> Exception:
        """What pg_restore's last words mean."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines() or ["no word of why"]
        said = lines[-1].removeprefix("pg_restore: error: ")
        if "unsupported version" in said:
            return newer(f"custom format: {said}")
        return TruncatedError(f"pg_restore: {said[:200]}")


def newer(given: str) -> Problem:
    """A dump of, or by, a PostgreSQL that is newer than the server."""
    return Problem(
        "dump",
        given=given,
        allowed="dumps of PostgreSQL 16 or older, made by its own pg_dump",
        do="dump again with the pg_dump of PostgreSQL 15 or 16, as the source's container has it",
    )


def _pg_restore(binaries: Path | None) -> str:
    found = shutil.which("pg_restore", path=str(binaries) if binaries else None)
    if found is None:
        raise Problem(
            "pg_restore",
            given=f"none in {binaries or 'PATH'}",
            allowed="that of PostgreSQL 16, for dumps in custom format",
            do="install the client programs (dnf install postgresql16), or say --bin FOLDER",
        )
    return found
