"""Taking a student's archive apart, or copying a folder of theirs, without following anything that leads elsewhere.

Nothing is extracted by the libraries' own `extractall`: each member is looked at first, and written by this code. What it does not
like it refuses with a sentence, and then the whole archive counts as not handed in.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import os
import stat
import tarfile
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from workshop.course.handin import COUNT_LIMIT, PASSED_OVER, SIZE_LIMIT

ARCHIVE_LIMIT = 64 * 2**20  # bytes of an archive as it was handed in
UNPACKED_LIMIT = 4 * SIZE_LIMIT  # bytes of all that is in it: several lessons
MEMBER_LIMIT = 5 * COUNT_LIMIT
DIRECTORY_LIMIT = 400 * MEMBER_LIMIT  # bytes of a zip's table of contents, which is read as a whole
NAME_LIMIT, PATH_LIMIT = 255, 1000  # bytes of a name, characters of a path
CHUNK = 256 * 1024
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2")
CLOSED = (".rar", ".7z", ".tar.xz", ".txz")
UNREADABLE = (*CLOSED, ".gz", ".bz2", ".xz")
CANNOT_OPEN = "cannot be opened here. Hand in a folder, a zip or a tar.gz."
LEFT_OUT = PASSED_OVER | {"__MACOSX"}
# What is compressed in another way zipfile unpacks a whole piece at once: gigabytes of a few hundred bytes.
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
END_OF_ZIP, END_SIZE = b"PK\5\6", 22
LARGE_END, LARGE_SIZE = b"PK\6\6", 56  # of a zip with larger numbers; before the other end, a pointer between them
POINTER, POINTER_SIZE = b"PK\6\7", 20
FULL = (errno.ENOSPC, errno.EDQUOT)
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


class Refused(Exception):
    """What was handed in is not taken. The text says why, to the student and the teacher."""


def suffix_of(name: str, among: tuple[str, ...] = SUFFIXES) -> str:
    """The ending that makes a file an archive; empty if it is none."""
    return max((suffix for suffix in among if name.lower().endswith(suffix)), key=len, default="")


def shown(name: str) -> str:
    """A name as it can be printed on one line: what is no visible character stands as an escape."""
    if name.isprintable():
        return name
    return "".join(
        sign if unicodedata.category(sign)[0] != "C" else sign.encode("unicode_escape", "backslashreplace").decode()
        for sign in name
    )


def unpack(archive: Path, folder: Path, *, keeps_times: bool = False) -> int:
    """Takes a zip or a tar apart into `folder`, which is empty; returns how many bytes are in it now. Raises Refused; OSError if the disk is full.

    `keeps_times` is for an archive that a platform made: a student can set the times in their own.
    """
    if not stat.S_ISREG(archive.lstat().st_mode):
        raise Refused(f"{shown(archive.name)} is not a plain file.")
    if not suffix_of(archive.name):
        raise Refused(f"{shown(archive.name)} {CANNOT_OPEN}")
    size = archive.stat().st_size
    if size > ARCHIVE_LIMIT:
        raise Refused(f"{shown(archive.name)} has {size // 2**20} MB; at most {ARCHIVE_LIMIT // 2**20} are taken.")
    writer = _Writer(folder, keeps_times)
    try:
        if suffix_of(archive.name) == ".zip":
            _unzip(archive, writer)
        else:
            _untar(archive, writer)
    except DAMAGED as error:
        raise Refused(f"{shown(archive.name)} cannot be read as an archive: {shown(str(error))[:200]}.") from None
    except (OSError, UnicodeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise  # through no fault of whoever handed it in
        raise Refused(f"{shown(archive.name)} cannot be unpacked: {shown(str(error))[:200]}.") from None
    return writer.total


class _Writer:
    """Writes members into a folder, and counts them."""

    def __init__(self, folder: Path, keeps_times: bool) -> None:
        self.folder, self.count, self.total, self.keeps_times = folder, 0, 0, keeps_times

    def place(self, name: str) -> Path | None:
        """Where a member goes; None if it is passed over. Raises Refused for a name that leads elsewhere."""
        self.count += 1
        if self.count > MEMBER_LIMIT:
            raise Refused(f"The archive holds more than {MEMBER_LIMIT} files and folders.")
        inside = PurePosixPath(name.replace("\\", "/"))
        if inside.is_absolute() or (len(name) > 1 and name[1] == ":"):
            raise Refused(
                f"The archive holds {shown(name)[:200]}: an absolute path. Only names inside the folder are taken."
            )
        if ".." in inside.parts:
            raise Refused(f"The archive holds {shown(name)[:200]}: a path that leads out of the folder.")
        if LEFT_OUT & set(inside.parts) or not inside.parts:
            return None
        refuse_odd_name(inside)
        return self.folder / inside

    def make(self, folder: Path) -> None:
        """Makes a folder."""
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, target: Path, source: IO[bytes], executable: bool, time_of: Callable[[], float]) -> None:
        """Writes a file, as far as the limits allow; what an archive says of its sizes is not believed."""
        name = shown(str(target.relative_to(self.folder)))
        if os.path.lexists(target):
            raise Refused(f"The archive holds {name} twice.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            while chunk := source.read(CHUNK):
                self.total += len(chunk)
                if self.total > UNPACKED_LIMIT:
                    raise Refused(f"Unpacked, the archive is larger than {UNPACKED_LIMIT // 2**20} MB, with {name}.")
                file.write(chunk)
        target.chmod(0o755 if executable else 0o644)
        if self.keeps_times:
            with contextlib.suppress(OSError, OverflowError, ValueError):  # of a file that has no true time
                os.utime(target, (time_of(), time_of()))


def refuse_odd_name(inside: PurePosixPath) -> None:
    """Raises Refused for a name with control characters, or a longer one than any file needs."""
    text = str(inside)
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise Refused(
            f"The file name {shown(text)[:200]} has a control character in it, such as a new line. Rename the file."
        )
    if len(text) > PATH_LIMIT or any(len(os.fsencode(part)) > NAME_LIMIT for part in inside.parts):
        raise Refused(f"The file name {shown(text)[:60]}… is too long.")


def _unzip(archive: Path, writer: _Writer) -> None:
    _look_at_end(archive)
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            target = writer.place(member.filename)
            mode = member.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise Refused(
                    f"The archive holds {shown(member.filename)[:200]}: a link or a special file. Put the file itself there."
                )
            if target is None:
                continue
            if member.is_dir() or member.filename.endswith("\\"):
                writer.make(target)
                continue
            if member.flag_bits & 1:
                raise Refused(f"The archive is encrypted: {shown(member.filename)[:200]} takes a password.")
            if member.compress_type not in METHODS:
                raise Refused("The archive is compressed in a way that is not taken. Make a plain zip.")
            with opened.open(member) as source:
                writer.write(target, source, bool(mode & 0o111), partial(_time_in_zip, member))


def _time_in_zip(member: zipfile.ZipInfo) -> float:
    """When a file of a zip was last changed: the zone is not told, and taken for this machine's, as every program does."""
    return time.mktime((*member.date_time, 0, 0, -1))


def _look_at_end(archive: Path) -> None:
    """Raises Refused for a zip whose table of contents is longer than one of that many files can be: it is read into memory."""
    before = LARGE_SIZE + POINTER_SIZE
    with archive.open("rb") as file:
        file.seek(max(0, archive.stat().st_size - before - END_SIZE - 2**16))
        tail = file.read()
    at = tail.find(END_OF_ZIP)
    while at != -1:
        sizes = [tail[at + 12 : at + 16]] if len(tail) - at >= END_SIZE else []
        if tail[:at][-POINTER_SIZE:].startswith(POINTER):
            large = tail[:at][-before:]
            if not large.startswith(LARGE_END):
                raise Refused(f"{shown(archive.name)} cannot be read as an archive: its end is damaged.")
            sizes.append(large[40:48])
        if any(int.from_bytes(size, "little") > DIRECTORY_LIMIT for size in sizes):
            raise Refused(f"The archive holds more than {MEMBER_LIMIT} files and folders.")
        at = tail.find(END_OF_ZIP, at + 1)


class _Bounded:
    """A stream that ends in a refusal where more comes out of it than is taken: a header of a tar may claim any length."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._total = stream, 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= UNPACKED_LIMIT:
            raise Refused("The archive claims a length that is not taken.")
        chunk = self._stream.read(size)
        self._total += len(chunk)
        if self._total > UNPACKED_LIMIT + MEMBER_LIMIT * 1024:
            raise Refused(f"Unpacked, the archive is larger than {UNPACKED_LIMIT // 2**20} MB.")
        return chunk

    def close(self) -> None:
        self._stream.close()


def _untar(archive: Path, writer: _Writer) -> None:
    openers: dict[str, Any] = {".tar": Path.open, ".tar.gz": gzip.open, ".tgz": gzip.open, ".tar.bz2": bz2.open}
    openers[".tbz2"] = bz2.open
    with openers[suffix_of(archive.name)](archive, "rb") as stream:
        bounded = _Bounded(stream)
        with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as opened:
            for member in opened:
                target = writer.place(member.name)
                if not (member.isreg() or member.isdir()):
                    raise Refused(
                        f"The archive holds {shown(member.name)[:200]}: a link or a special file. Put the file itself there."
                    )
                if target is None:
                    continue
                if member.isdir():
                    writer.make(target)
                    continue
                source = opened.extractfile(member)
                if source is not None:
                    with source:
                        writer.write(target, source, bool(member.mode & 0o111), partial(float, member.mtime))


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file of a folder, by its name inside. Environments and caches are passed over. Raises Refused for what is no file of its own."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted([*names, *(name for name in folders if (Path(base) / name).is_symlink())]):
            if name in LEFT_OUT:
                continue
            path = Path(base) / name
            inside = path.relative_to(folder)
            refuse_odd_name(PurePosixPath(inside.as_posix()))
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode):
                raise Refused(f"{shown(str(inside))} is a symbolic link. Put the file itself there.")
            if not stat.S_ISREG(found.st_mode):
                raise Refused(f"{shown(str(inside))} is neither a file nor a folder. Remove it.")
            if found.st_nlink > 1:
                raise Refused(f"{shown(str(inside))} is a hard link to another file. Put a copy there.")
            yield inside.as_posix(), path


def copy_out(folder: Path, target: Path) -> int:
    """Copies the files of a folder to another, and returns how many they were. Raises Refused for a link, a special file, or too much."""
    total = count = 0
    for name, path in files_in(folder):
        count += 1
        data = read(path)
        total += len(data)
        if total > SIZE_LIMIT or count > COUNT_LIMIT:
            raise Refused(
                f"The folder is too large to hand in: with {shown(name)} it has more than {SIZE_LIMIT // 2**20} MB or {COUNT_LIMIT} files."
            )
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o755 if path.lstat().st_mode & 0o111 else 0o644)
    return count


def read(path: Path) -> bytes:
    """The bytes of a plain file. A link that came in its place since is not followed, and no more is read than may be handed in."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            return file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"{shown(path.name)} cannot be read: {error.strerror}.") from None
