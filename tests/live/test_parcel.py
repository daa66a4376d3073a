"""`class pack` and `class unpack`: what arrives on a machine without an index, and what is refused there."""

import gzip
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile

import pytest
from calling import ROOT
from wheels import tiny_wheel

from workshop.classroom import parcel
from workshop.engine import engine
from workshop.guests import unpacking

MINE = ("workshop", "src/workshop/guests/unpacking.py")


def checkout(folder, line):
    """As much of a checkout as unpacking needs, with a lock of one package."""
    for name in MINE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "requirements.txt").write_text(line)
    (folder / "requirements-uv.txt").write_text("# none\n")
    return folder


def forget(image):
    engine.docker("image", "rm", "--force", image)


@pytest.fixture(scope="module")
def packed(has_engine, tmp_path_factory):
    """A parcel with one image and one package; (the file, the image, the lock)."""
    folder = tmp_path_factory.mktemp("packed")
    image = f"workshop-python:{secrets.token_hex(6)}"
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    engine.must(engine.docker("build", "--quiet", "--tag", image, str(folder), timeout=120))
    _, line = tiny_wheel(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        parcel.pack(folder / "parcel", [image], lambda text: None, checkout(folder / "packing", line))
    yield folder / "parcel", image, line
    forget(image)


def test_a_machine_without_an_index_has_all_that_was_packed(packed, tmp_path):
    file, image, line = packed
    root = checkout(tmp_path, line)
    forget(image)
    assert not engine.has_image(image)
    env = {**os.environ, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    command = [sys.executable, str(root / "workshop"), "class", "unpack", str(file)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert engine.has_image(image) and image in done.stderr
    assert [path.name for path in (root / ".workshop" / "wheels").iterdir()] == ["tiny-1.0-py3-none-any.whl"]
    assert [path.name for path in (root / ".workshop").iterdir()] == ["wheels"]


def changed(file, target, change):
    """A copy of a parcel whose members, [(TarInfo, bytes), …], `change` was given."""
    with tarfile.open(file) as archive:
        members = [(member, archive.extractfile(member).read()) for member in archive]
    change(members)
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target


def relisted(change):
    """A change of the list."""

    def changed(members):
        about = json.loads(members[0][1])
        change(about)
        members[0] = (members[0][0], json.dumps(about).encode())

    return changed


def named(name):
    """A change that adds a member, which the list names too."""

    def changed(members):
        relisted(lambda about: about["files"].update({name: about["files"]["images.tar"]}))(members)
        member = tarfile.TarInfo(name)
        members.append((member, members[1][1]))

    return changed


def linked(members):
    members[-1][0].type, members[-1][0].linkname = tarfile.SYMTYPE, "/etc/passwd"
    members[-1] = (members[-1][0], b"")


def reimaged(members):
    """Another image than the list says, with right digests: a name that a student's build could begin from."""
    import hashlib

    old = io.BytesIO(members[1][1])
    new = io.BytesIO()
    with tarfile.open(fileobj=old) as images, tarfile.open(fileobj=new, mode="w") as target:
        for member in images:
            data = images.extractfile(member).read() if member.isreg() else b""
            if member.name == "manifest.json":
                data = data.replace(b"workshop-python:", b"debian:")
                member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    members[1] = (members[1][0], new.getvalue())
    listed = [len(new.getvalue()), hashlib.sha256(new.getvalue()).hexdigest()]
    relisted(lambda about: about["files"].update({"images.tar": listed}))(members)


CHANGES = {
    "a byte of a wheel": lambda members: members.__setitem__(-1, (members[-1][0], b"x" + members[-1][1][1:])),
    "a member less": lambda members: members.pop(),
    "a member more": lambda members: members.append((tarfile.TarInfo("wheels/more-1.0-py3-none-any.whl"), b"x")),
    "a member twice": lambda members: members.append(members[-1]),
    "a path that leads out": named("../../mine"),
    "a path that leads out of wheels": named("wheels/../../../mine.whl"),
    "an absolute path": named("/tmp/mine"),
    "a link": linked,
    "another image": reimaged,
    "another kind of list": relisted(lambda about: about.update(kind="workshop parcel 99")),
    "a list of nonsense": relisted(lambda about: about.update(files=[1])),
    "no list": lambda members: members.pop(0),
    "another version": relisted(lambda about: about.update(version="0")),
}


@pytest.mark.parametrize("name", [*CHANGES, "cut off", "a bit", "no archive"])
def test_a_damaged_or_foreign_file_is_refused_and_nothing_of_it_is_kept(packed, tmp_path, name):
    file, image, line = packed
    root, target = checkout(tmp_path / "root", line), tmp_path / "parcel"
    whole = file.read_bytes()
    if name in CHANGES:
        changed(file, target, CHANGES[name])
    elif name == "cut off":
        target.write_bytes(whole[: len(whole) // 2])
    elif name == "a bit":
        middle = len(whole) // 2
        target.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    else:
        target.write_bytes(gzip.compress(b"nothing of the kind" * 100))
    forget(image)
    with pytest.raises(unpacking.NotTaken, match="parcel"):
        unpacking.unpack(target, root, lambda text: None)
    assert not engine.has_image(image)
    assert list((root / ".workshop").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parcel", "root"]


def test_wheels_for_another_python_are_left_out_and_said(packed, tmp_path):
    file, image, line = packed
    root, said = checkout(tmp_path / "root", line), []
    target = changed(file, tmp_path / "parcel", relisted(lambda about: about.update(python="cpython-399 on mars")))
    unpacking.unpack(target, root, said.append)
    assert "cpython-399 on mars" in said[0] and engine.has_image(image)
    assert list((root / ".workshop").iterdir()) == []
