"""The `workshop` file: real runs of a copy of it, in a checkout of its own with tiny locks and a stub command line.

A stub `uv` keeps them quick: it notes what it was asked to install, and can be told to be slow or to fail. The last
tests go through the real pip, and the real uv where there is one, with a wheel made here and no network.
"""

import ast
import concurrent.futures
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wheels import tiny_wheel

pty = pytest.importorskip("pty", reason="the stub uv is a shell script")

ROOT = Path(__file__).resolve().parents[2]
WRAPPER = ROOT / "workshop"

CLI = """
import os, sys
print("cli", *sys.argv[1:])
sys.exit(7 if "seven" in sys.argv else 0)
"""

STUB_UV = """
import pathlib, sys, time
here = pathlib.Path(__file__).parent
python = pathlib.Path(sys.argv[sys.argv.index("--python") + 1])
def note(word):
    with open(here / "noted", "a") as noted:
        noted.write(word + "\\n")
note(pathlib.Path(sys.argv[-1]).name)
(python.parent.parent / "half-done").touch()
if (here / "slow").exists():
    time.sleep(float((here / "slow").read_text()))
if (here / "broken").exists():
    sys.exit("error: the index is on holiday")
(python.parent.parent / "half-done").unlink()
note("done")
"""

# Stand-ins for the two modules that take a second to start.
STUB_PIP = "raise SystemExit('ERROR: No matching distribution found for nothing==1.0')"
STUB_ENSUREPIP = "import pathlib, sys\npathlib.Path(sys.executable).with_name('pip').touch()\n"


class Checkout:
    """A copy of the wrapper with its surroundings, and a stub uv on its PATH."""

    def __init__(self, folder):
        self.root = folder / "check out"  # a space, as in many a home
        (self.root / "src" / "workshop").mkdir(parents=True)
        (self.root / "src" / "workshop" / "__init__.py").touch()
        (self.root / "src" / "workshop" / "cli.py").write_text(CLI)
        shutil.copy(WRAPPER, self.root / "workshop")
        for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
            (self.root / name).write_text(f"# {name}\n")
        self.tools = folder / "tools"
        self.tools.mkdir()
        (self.tools / "stub.py").write_text(STUB_UV)
        (self.tools / "uv").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{self.tools}/stub.py" "$@"\n')
        (self.tools / "uv").chmod(0o755)
        self.env = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))
        }
        self.env.update(PATH=str(self.tools), PYTHONPATH=str(folder / "stubs"), PIP_CONFIG_FILE=os.devnull)
        (folder / "stubs").mkdir()
        (folder / "stubs" / "pip.py").write_text(STUB_PIP)
        (folder / "stubs" / "ensurepip.py").write_text(STUB_ENSUREPIP)

    def start(self, *args, python=sys.executable, **more):
        command = [python, self.root / "workshop", *args]
        return subprocess.Popen(
            command, **{"env": self.env, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        )

    def call(self, *args, **more):
        child = self.start(*args, **more)
        out, err = child.communicate(timeout=60)
        return subprocess.CompletedProcess(args, child.returncode, out, err)

    def noted(self):
        """What the stub uv did: the lock it was asked to install, and "done" where it came to its end."""
        noted = self.tools / "noted"
        return noted.read_text().split() if noted.exists() else []

    def installed(self):
        return [word for word in self.noted() if word != "done"]

    def until_installing(self, number=1):
        deadline = time.monotonic() + 10
        while len(self.installed()) < number:
            assert time.monotonic() < deadline, "the installer never started"
            time.sleep(0.02)


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


@pytest.fixture
def ready(checkout):
    """A checkout that is set up."""
    assert checkout.call().returncode == 0
    return checkout


def loaded():
    """The wrapper as a module, to ask one function of it."""
    loader = importlib.machinery.SourceFileLoader("wrapper", str(WRAPPER))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("wrapper", loader))
    exec(compile(WRAPPER.read_text(), str(WRAPPER), "exec"), module.__dict__)
    return module


# An old Python


def old_pythons():
    """Every Python of this machine that the workshop cannot use, found by name or kept by pyenv."""
    kept = sorted(Path.home().glob(".pyenv/versions/*/bin/python"))
    named = [shutil.which(f"python{version}") for version in ("2.7", *(f"3.{minor}" for minor in range(4, 11)))]
    found = {}
    for python in [*kept, *filter(None, named)]:
        asked = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True
        )
        version = asked.stdout.decode().strip()
        if asked.returncode == 0 and tuple(map(int, version.split("."))) < (3, 11):
            found[version] = str(python)
    return [pytest.param(python, id=version) for version, python in found.items()]


@pytest.mark.parametrize("python", old_pythons())
def test_an_old_python_gets_a_sentence(checkout, python):
    done = checkout.call("check", "3", "--json", python=python)
    if done.returncode == 1:  # older than 3.6: it shows the line at which it stopped
        assert 'NEEDS = f"The workshop needs Python 3.11 or newer."\n' in done.stderr
        assert "Traceback" not in done.stderr
        assert subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 6))"]).returncode == 1
        return
    assert done.returncode == 3
    assert re.match(
        r"The workshop needs Python 3\.11 or newer\. This is Python \d\.\d+\.\d+ \(.+\)\.\n  next: ", done.stderr
    )
    assert "Traceback" not in done.stderr
    assert set(json.loads(done.stdout)) == {"error", "next"}


def test_the_sentence_names_a_newer_python_of_this_machine(checkout):
    wrapper = checkout.root / "workshop"
    wrapper.write_text(wrapper.read_text().replace("NEEDED = (3, 11)", "NEEDED = (3, 99)"))
    assert "next: Install Python 3.13" in checkout.call("check").stderr
    (checkout.tools / "python3.12").write_text("#!/bin/sh\nexit 0\n")
    (checkout.tools / "python3.12").chmod(0o755)
    assert f"next: A newer one is here: python3.12 {wrapper} check 3\n" in checkout.call("check", "3").stderr


def test_the_file_parses_on_python_3_6():
    ast.parse(WRAPPER.read_bytes(), feature_version=(3, 6))
    assert WRAPPER.read_bytes().isascii()


# The first call, and those after it


def test_the_first_call_sets_up_and_the_next_ones_only_run(checkout):
    first = checkout.call("check", "3")
    assert (first.returncode, first.stdout) == (0, "cli check 3\n")
    assert "Setting up the workshop: installing requirements.txt\n" in first.stderr
    second = checkout.call("seven")
    assert (second.returncode, second.stdout, second.stderr) == (7, "cli seven\n", "")
    assert checkout.installed() == ["requirements.txt"]


def test_files_in_the_current_folder_are_not_imported(ready, tmp_path):
    for name in ("workshop.py", "runpy.py", "subprocess.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the student was imported')\n")
    assert ready.call("check", cwd=tmp_path).stdout == "cli check\n"


def test_it_can_be_called_through_a_link_from_anywhere(ready, tmp_path):
    (tmp_path / "ws").symlink_to(ready.root / "workshop")
    done = subprocess.run([sys.executable, "ws", "check"], cwd=tmp_path, env=ready.env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("cli check\n", "")


def test_on_a_terminal_there_is_one_line_with_the_seconds(checkout):
    (checkout.tools / "slow").write_text("1.1")
    ours, theirs = pty.openpty()
    child = checkout.start("check", stderr=theirs)
    os.close(theirs)
    shown = b""
    while child.poll() is None or b"Set up in" not in shown:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # Linux: the other end is closed
            break
    os.close(ours)
    assert child.communicate()[0] == "cli check\n"
    assert b"\rSetting up the workshop: installing requirements.txt, 1 s " in shown
    assert shown.count(b"\n") == 1, shown


# What makes it set up again


def test_a_changed_lock_is_noticed_and_installed_on_top(ready):
    (ready.root / ".venv" / "kept").touch()
    with (ready.root / "requirements.txt").open("a") as lock:
        lock.write("# one more\n")
    assert ready.call().returncode == 0
    assert ready.installed() == ["requirements.txt"] * 2
    assert (ready.root / ".venv" / "kept").exists()
    assert ready.call().stderr == ""


def test_developers_commands_bring_their_tools_once(ready):
    assert ready.call("--json", "test").stdout == "cli --json test\n"
    assert ready.call("bench").stderr == ready.call("check").stderr == ""
    assert ready.installed() == ["requirements.txt", "requirements-dev.txt"]


def test_a_moved_checkout_is_set_up_anew(ready, tmp_path):
    ready.root = ready.root.rename(tmp_path / "elsewhere")
    assert ready.call("check").stdout == "cli check\n"
    (path_file,) = ready.root.glob(".venv/lib/*/site-packages/workshop.pth")
    assert path_file.read_text() == f"{tmp_path}/elsewhere/src\n"


def test_a_folder_with_an_accent_works_in_every_locale(ready, tmp_path):
    ready.root = ready.root.rename(tmp_path / "caf\u00e9 \u4e2d")
    for locale in ("C.UTF-8", "C"):
        ready.env["LC_ALL"] = locale
        assert ready.call("check").stdout == "cli check\n"


def test_another_python_is_noticed(ready):
    stamp = ready.root / ".venv" / "workshop.stamp"
    (ready.root / ".venv" / "left-over").touch()
    stamp.write_bytes(stamp.read_bytes().replace(b"cpython-3", b"cpython-2"))
    assert ready.call().returncode == 0
    assert len(ready.installed()) == 2
    assert not (ready.root / ".venv" / "left-over").exists()


def test_an_uninstalled_python_is_noticed(ready):
    python = ready.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(ready.root / "gone")
    assert ready.call("check").stdout == "cli check\n"


def test_an_environment_of_somebody_else_is_kept(checkout):
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv" / "theirs").touch()
    done = checkout.call("check")
    assert done.stdout == "cli check\n"
    assert "It is kept as .venv.old." in done.stderr
    assert (checkout.root / ".venv.old" / "theirs").exists()


# Cut off, crowded, failing


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_set_up_that_was_cut_off_heals(checkout, name):
    (checkout.tools / "slow").write_text("0.5")
    child = checkout.start("check")
    checkout.until_installing()
    child.send_signal(getattr(signal, name))
    out, err = child.communicate(timeout=5)
    assert out == ""
    if name == "SIGINT":
        assert child.returncode == 130
        assert err.endswith("Stopped. The next call starts the set-up again.\n")
    (checkout.tools / "slow").unlink()
    again = checkout.call("check")
    assert (again.returncode, again.stdout) == (0, "cli check\n")
    assert not (checkout.root / ".venv" / "half-done").exists()
    # After kill -9 the installer lives on: the next call begins when it has ended.
    orphan = ["done"] if name == "SIGKILL" else []
    assert checkout.noted() == ["requirements.txt", *orphan, "requirements.txt", "done"]


def test_a_cut_off_update_of_the_lock_heals(ready):
    (ready.tools / "slow").write_text("0.3")
    (ready.root / ".venv" / "left-over").touch()
    with (ready.root / "requirements.txt").open("a") as lock:
        lock.write("# one more\n")
    child = ready.start("check")
    ready.until_installing(2)
    child.kill()
    child.communicate()
    assert ready.call("check").stdout == "cli check\n"
    assert not (ready.root / ".venv" / "left-over").exists(), "half an update is nothing to build on"


def test_six_first_calls_at_once_set_up_once(checkout):
    (checkout.tools / "slow").write_text("0.5")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: checkout.call("check"), range(6)))
    assert [one.stdout for one in done] == ["cli check\n"] * 6
    assert checkout.installed() == ["requirements.txt"]
    assert sum("Waiting for it." in one.stderr for one in done) == 5


def test_a_failure_says_what_failed_and_what_to_do(checkout):
    (checkout.tools / "broken").touch()
    done = checkout.call("check", "--json")
    assert done.returncode == 3
    assert "uv could not install the packages (error: the index is on holiday). Trying pip.\n" in done.stderr
    told = json.loads(done.stdout)
    assert told["error"].startswith("The packages could not be installed. ")
    assert "No matching distribution found for nothing==1.0" in told["error"]
    assert "run the same command again" in told["next"]


def test_a_python_without_ensurepip_is_named_before_anything_is_made(checkout, tmp_path):
    (tmp_path / "stubs" / "ensurepip.py").write_text("raise ImportError\n")
    (checkout.tools / "uv").rename(checkout.tools / "no-uv")
    done = checkout.call("check", "--json")
    assert done.returncode == 3
    mended = f"sudo apt install python3.{sys.version_info.minor}-venv"
    assert json.loads(done.stdout)["next"] == mended or not Path("/etc/debian_version").exists()
    assert not (checkout.root / ".venv").exists()
    (checkout.tools / "no-uv").rename(checkout.tools / "uv")
    assert checkout.call("check").stdout == "cli check\n"


def test_a_folder_that_cannot_be_written_is_no_traceback(checkout):
    (checkout.root / ".workshop").touch()  # a file where a folder should be: root may write everywhere
    done = checkout.call("check")
    assert done.returncode == 3
    assert done.stderr.startswith("The environment could not be made: ")
    assert "Traceback" not in done.stderr


# The real installers, without a network


def add_wheel(checkout):
    """A package of one line, in a folder for --find-links, and a lock that asks for it by hash."""
    wheel, line = tiny_wheel(checkout.tools)
    (checkout.root / "requirements.txt").write_text(line)
    (checkout.root / "requirements-uv.txt").write_text(line.replace("tiny==1.0", "uv==0.0"))
    (checkout.root / "src" / "workshop" / "cli.py").write_text("import tiny\nprint(tiny.answer)\n")
    del checkout.env["PYTHONPATH"]
    checkout.env.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(checkout.tools))
    return wheel


def test_pip_alone_will_do(checkout):
    add_wheel(checkout)
    (checkout.tools / "uv").unlink()
    done = checkout.call()
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert "uv could not be downloaded" in done.stderr


UV = shutil.which("uv", path=os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)]))


@pytest.mark.parametrize("uv", [UV] if UV else [])
def test_uv_goes_where_pip_was_told_to_look(checkout, uv):
    add_wheel(checkout)
    (checkout.tools / "uv").unlink()
    (checkout.tools / "uv").symlink_to(uv)
    done = checkout.call()
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert "pip" not in done.stderr


@pytest.mark.parametrize("uv", ["", UV] if UV else [""])
def test_packages_that_were_brought_along_need_no_index(checkout, uv):
    """`class unpack` lays them into .workshop/wheels."""
    wheels = checkout.root / ".workshop" / "wheels"
    wheels.mkdir(parents=True)
    shutil.move(add_wheel(checkout), wheels)
    (checkout.tools / "uv").unlink()
    if uv:
        (checkout.tools / "uv").symlink_to(uv)
    del checkout.env["PIP_FIND_LINKS"]
    done = checkout.call(env={**checkout.env, "UV_OFFLINE": "1"})
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert "network" not in done.stderr


def test_what_was_not_brought_along_comes_from_the_index(checkout):
    add_wheel(checkout)
    (checkout.tools / "uv").unlink()
    (checkout.root / ".workshop" / "wheels").mkdir(parents=True)
    done = checkout.call()
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert "Not every package is in .workshop/wheels" in done.stderr


def test_pips_settings_are_put_in_uvs_words():
    pip = {
        "index-url": "http://a.example/simple",
        "extra-index-url": "http://b.example\nhttp://c.example",
        "cert": "/ca",
    }
    told = loaded().uv_settings({"SSL_CERT_FILE": "/own"}, pip)
    assert told["UV_DEFAULT_INDEX"] == "http://a.example/simple"
    assert told["UV_INDEX"] == "http://b.example http://c.example"
    assert "SSL_CERT_FILE" not in told, "what uv was told itself stands"
    assert "UV_FIND_LINKS" not in told, "what pip was not told, uv is not told"


def test_pips_own_files_are_read(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = http://a.example\n[install]\nfind-links = x\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    told = loaded().pip_settings(getattr(sys, "_base_executable", sys.executable))
    assert (told["index-url"], told["find-links"], told["proxy"]) == ("http://a.example", "x", "http://proxy.example")


# The real locks


def pinned(name):
    return set(re.findall(r"^[\w.\[\]-]+==[^\\\n]+", (ROOT / name).read_text(), re.MULTILINE))


def test_the_locks_carry_versions_and_hashes_and_no_addresses():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert re.fullmatch(r"[\w.-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), (
                name,
                line,
            )


def test_the_developers_lock_holds_the_other_one():
    assert pinned("requirements.txt") < pinned("requirements-dev.txt")
