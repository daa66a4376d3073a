"""What a Dockerfile gets, so that a package index, a proxy and certificates reach its build."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workshop.engine import builds, packages

MOUNTS = ["--mount=type=secret,id=one", "--mount=type=secret,id=two"]
ADDED = " ".join(MOUNTS)


def mounted(dockerfile: str) -> str:
    return packages.with_mounts(textwrap.dedent(dockerfile), MOUNTS)


def runs_with_mounts(dockerfile: str) -> list[str]:
    """What stands after the mounts, for each line that has them."""
    return [line.split(ADDED, 1)[1].strip() for line in mounted(dockerfile).splitlines() if ADDED in line]


@pytest.mark.parametrize(
    ("dockerfile", "after"),
    [
        ("FROM a\nRUN pip install x\nRUN python -m pip install y\n", ["pip install x", "python -m pip install y"]),
        ("FROM a\nrun pip install x\n", ["pip install x"]),
        ("FROM a\n  Run\tpip install x\n", ["pip install x"]),
        ("FROM a\nRUN pip install x", ["pip install x"]),
        ('FROM a\nRUN ["pip", "install", "x"]\n', ['["pip", "install", "x"]']),
        ("FROM a\nRUN --mount=type=cache,target=/c pip install x\n", ["--mount=type=cache,target=/c pip install x"]),
        ("FROM a\nRUN --network=default pip install x\n", ["--network=default pip install x"]),
        ("FROM a\nRUN pip install \\\n  x \\\n  run pip\nRUN pip check\n", ["pip install \\", "pip check"]),
        ("FROM a\nRUN pip install \\\n# RUN pip\n  # another\n  x\nRUN pip check\n", ["pip install \\", "pip check"]),
        ("FROM a\nRUN pip install \\\n\n  x\nRUN pip check\n", ["pip install \\", "pip check"]),
        ("FROM a\nRUN pip install x \\ \t\nRUN pip\nRUN pip check\n", ["pip install x \\", "pip check"]),
        ("FROM a\nRUN\\\n pip install x\n", ["\\"]),
        ("FROM a\nRUN pip \\\\\nRUN pip check\n", ["pip \\\\", "pip check"]),
        ("FROM a\nENV A=b \\\n    RUN=c \\\n    D=e\nRUN pip check\n", ["pip check"]),
        ("FROM a\nRUN <<EOF\nRUN pip\nEOF\nRUN pip check\n", ["<<EOF", "pip check"]),
        ("FROM a\nRUN <<'E O'\nx\nRUN pip check\n", ["<<'E O'", "pip check"]),
        ('FROM a\nRUN <<"EOF" bash\nRUN pip\n EOF\nEOF\nRUN pip check\n', ['<<"EOF" bash', "pip check"]),
        ("FROM a\nRUN <<-EOF\nRUN pip\n\tEOF\nRUN pip check\n", ["<<-EOF", "pip check"]),
        (
            "FROM a\nRUN cat <<A > /a && cat <<B > /b\nRUN pip\nA\nRUN pip\nB\nRUN pip check\n",
            ["cat <<A > /a && cat <<B > /b", "pip check"],
        ),
        ("FROM a\nRUN cat \\\n  <<A\nRUN pip\nA\nRUN pip check\n", ["cat \\", "pip check"]),
        ("FROM a\nCOPY <<EOF /x\nRUN pip\nEOF\nRUN pip check\n", ["pip check"]),
        ("FROM a\nONBUILD COPY <<EOF /x\nRUN pip\nEOF\nRUN pip check\n", ["pip check"]),
        ("FROM a\nRUN python -c 'print(1<<2)'\nRUN pip check\n", ["python -c 'print(1<<2)'", "pip check"]),
        ('FROM a\nRUN python -c "print(1 <<EOF)"\nRUN pip check\n', ['python -c "print(1 <<EOF)"', "pip check"]),
        ("FROM a\nRUN cat <<<pip\nRUN pip check\n", ["cat <<<pip", "pip check"]),
        ("FROM a\nONBUILD RUN pip install x\n", []),
        ("FROM a\n# RUN pip install x\n", []),
        ("FROM a\nRUNpip install x\n", []),
        ('FROM a\nLABEL x="RUN pip"\nCMD RUN pip\n', []),
        ("FROM a\nRUN --mount=type=secret,id=mine,target=/etc/pip.conf pip install x\n", []),
        ("FROM a AS b\nRUN pip install x\nFROM c\nRUN pip install y\n", ["pip install x", "pip install y"]),
        (
            "# escape=`\nFROM a\nRUN pip install `\n  x `\n  RUN\nRUN pip check\\\nRUN pip\n",
            ["pip install `", "pip check\\", "pip"],
        ),
        ("# syntax=docker/dockerfile:1\n# ESCAPE = `\nFROM a\nRUN pip `\nRUN pip\n", ["pip `"]),
        ("# a comment\n# escape=`\nFROM a\nRUN pip \\\nRUN\nRUN pip check\n", ["pip \\", "pip check"]),
        ("FROM a\nRUN echo a\x0cRUN pip\n", ["echo a\x0cRUN pip"]),
        ("", []),
    ],
)
def test_each_run_that_may_call_pip_gets_the_mounts(dockerfile: str, after: list[str]) -> None:
    made = packages.with_mounts(dockerfile, MOUNTS)
    assert [line.split(ADDED, 1)[1].strip() for line in re.split(r"\n", made) if ADDED in line] == after
    assert made.count("\n") == dockerfile.count("\n"), "a line got another number"
    assert made.replace(f" {ADDED}", "").replace("RUN \\", "RUN\\") == dockerfile.replace("RUN \\", "RUN\\")


def test_line_ends_of_windows_stay() -> None:
    made = packages.with_mounts(
        "FROM a\r\nRUN pip install \\\r\n  x\r\nRUN <<EOF\r\nRUN pip\r\nEOF\r\nRUN pip check\r\n", MOUNTS
    )
    assert (
        made
        == f"FROM a\r\nRUN {ADDED} pip install \\\r\n  x\r\nRUN {ADDED} <<EOF\r\nRUN pip\r\nEOF\r\nRUN {ADDED} pip check\r\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        "true",
        "mkdir -p /data && chown app /data",
        "useradd --create-home app",
        "apt-get update && apt-get install -y curl",
        "echo hi > /x",
    ],
)
def test_a_run_that_cannot_call_pip_stays_as_it_is(command: str) -> None:
    assert mounted(f"FROM a\nRUN {command}\n") == f"FROM a\nRUN {command}\n"


@pytest.mark.parametrize(
    "command",
    [
        "pip3 install x",
        "/venv/bin/pip install x",
        "uv sync",
        "poetry install",
        "make deps",
        "./install",
        "sh -c x",
        "/install.sh",
        "python setup.py install",
        "$INSTALL x",
    ],
)
def test_a_run_that_may_call_pip_gets_them_however_it_does(command: str) -> None:
    assert mounted(f"FROM a\nRUN {command}\n") == f"FROM a\nRUN {ADDED} {command}\n"


def test_what_a_build_printed_reads_as_the_dockerfile_does() -> None:
    line = "RUN pip install uv && uv sync"
    mounts = [packages.CONF_MOUNT, packages.CA_MOUNT, packages.UV_MOUNT, packages.UV_CA_MOUNT]
    assert packages.without_mounts(packages.with_mounts(line, mounts)) == line


@pytest.mark.parametrize(
    ("command", "gets"),
    [
        ("uv sync", True),
        ("pip install uv && uv pip install x", True),
        ("pip install x", False),
        ("apt-get update && apt-get install -y curl && uv sync", False),
        ("update-ca-certificates && uv sync", False),
    ],
)
def test_uv_gets_its_own_where_nothing_writes_certificates(
    command: str, gets: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").touch()
    conf = "[global]\nindex-url = https://one.example/simple\nextra-index-url = https://a.example https://b.example\ntrusted-host = c.example\n"
    monkeypatch.setattr(
        packages, "settings_of_this_machine", lambda: (f"{conf}cert = {packages.CA_FILE}\n", tmp_path / "ca.pem")
    )
    _, text = packages.for_build(f"FROM a\nRUN {command}\n", tmp_path)
    assert (packages.UV_MOUNT in text) is (packages.UV_CA_MOUNT in text) is gets
    assert (tmp_path / "uv.toml").read_text() == (
        'index-url = "https://one.example/simple"\nextra-index-url = ["https://a.example", "https://b.example"]\n'
        'allow-insecure-host = ["c.example"]\nnative-tls = true\n'
    )


def settings(tmp_path: Path, environment: dict[str, str], conf: str = "") -> tuple[str, str]:
    """What a fresh process makes of an environment and a pip.conf: the text for builds and the file of certificates."""
    file = tmp_path / "pip.conf"
    file.write_text(conf, encoding="utf-8")
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    code = "from workshop.engine.packages import settings_of_this_machine as s; import json; print(json.dumps([str(x) for x in s()]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**keep, "PYTHONPATH": os.pathsep.join(sys.path), "PIP_CONFIG_FILE": str(file), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    text, certificates = json.loads(done.stdout)
    return text, certificates


def test_settings_come_from_pip_s_files_and_its_environment(tmp_path: Path) -> None:
    conf = "[global]\nindex_url = https://one.example/simple\ntimeout = 7\ncert = /nowhere.pem\n[install]\ntrusted-host = one.example\n"
    text, certificates = settings(tmp_path, {"PIP_INDEX_URL": "https://two.example/simple"}, conf)
    assert (
        "index-url = https://two.example/simple" in text
        and "trusted-host = one.example" in text
        and "timeout = 7" in text
    )
    assert "cert" not in text and certificates == "None"


def test_folders_of_this_machine_are_no_index_for_a_build(tmp_path: Path) -> None:
    assert settings(tmp_path, {}, "[global]\nextra-index-url = file:///wheels /more\nfind-links = /wheels\n") == (
        "",
        "None",
    )


def test_certificates_are_named_where_the_build_finds_them(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("certificates")
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        text, certificates = settings(tmp_path, {name: str(bundle)})
        assert f"cert = {packages.CA_FILE}" in text and certificates == str(bundle)


def test_a_machine_that_needs_nothing_changes_no_dockerfile(tmp_path: Path) -> None:
    assert settings(tmp_path, {}) == ("", "None")


@pytest.mark.parametrize(
    ("dockerfile", "plain"),
    [
        ("# syntax=docker/dockerfile:1\nFROM a\n", "#\nFROM a\n"),
        ("#Syntax = docker.io/docker/dockerfile:1.7-labs\r\n# escape=`\r\nFROM a\r\n", "# escape=`\r\n#\nFROM a\r\n"),
        ("# escape=`\n# syntax=docker/dockerfile\n\nFROM a\n", "# escape=`\n#\n\nFROM a\n"),
        ("# notes\n# syntax=docker/dockerfile:1\nFROM a\n", None),
        ("# syntax=someone/else:1\nFROM a\n", None),
        ("FROM a\n# syntax=docker/dockerfile:1\n", None),
    ],
)
def test_a_frontend_that_cannot_be_had_is_left_out(dockerfile: str, plain: str | None) -> None:
    assert builds.with_own_frontend(dockerfile) == (plain or dockerfile)
