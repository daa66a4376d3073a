"""How a package index, a proxy or certificates that this machine needs reach a build without ending up in the image.

Proxies are build arguments that Docker predefines: they reach RUN and stay out of the history. pip's settings and the
certificates are secrets, mounted for the time of a RUN: a Dockerfile is read, and each RUN that may call pip gets the
mounts. Mounts are no part of a layer or of the history. The certificates are mounted in /dev, a tmpfs, and leave no
trace. pip looks for its settings in /etc only: there the engine makes a mount point and removes it again, which leaves
the folder's own entry (name, mode, time) in the layer and nothing in it. So a RUN that cannot call pip stays as it is.
uv reads neither of the two: a RUN that calls it gets settings of its own, and the certificates in place of the image's.
"""

from __future__ import annotations

import configparser
import functools
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY")
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries")
CONF_MOUNT = "--mount=type=secret,id=workshop-pip,target=/etc/pip.conf,mode=0444"
CA_FILE = "/dev/workshop-ca.pem"
CA_MOUNT = f"--mount=type=secret,id=workshop-ca,target={CA_FILE},mode=0444"
UV_MOUNT = "--mount=type=secret,id=workshop-uv,target=/etc/uv/uv.toml,mode=0444"
UV_CA_MOUNT = "--mount=type=secret,id=workshop-ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444"
MAY_CALL_PIP = re.compile(
    r"pip|\buv\b|poetry|pdm|conda|python|\bmake\b|\btox\b|\bnox\b|\.(?:py|sh)\b|\b(?:ba|da|a)?sh\b|(?<![\w.])\./|\$|<<",
    re.IGNORECASE,
)


def _configuration_files() -> list[Path]:
    """Pip's configuration files, the weakest first (https://pip.pypa.io/en/stable/topics/configuration/)."""
    if chosen := os.environ.get("PIP_CONFIG_FILE"):
        return [Path(chosen)] if chosen != os.devnull else []
    home = Path.home()
    if os.name == "nt":
        appdata = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
        return [
            Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "pip/pip.ini",
            home / "pip/pip.ini",
            appdata / "pip/pip.ini",
            Path(sys.prefix) / "pip.ini",
        ]
    folders = [
        Path("/etc/xdg/pip"),
        Path("/Library/Application Support/pip"),
        Path("/etc"),
        home / ".pip",
        home / "Library/Application Support/pip",
    ]
    own = Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "pip"
    return [folder / "pip.conf" for folder in (*folders, own, Path(sys.prefix))]


@functools.cache
def pip_settings() -> dict[str, str]:
    """What pip is told on this machine, by its files and its environment."""
    settings: dict[str, str] = {}
    for file in _configuration_files():
        conf = configparser.ConfigParser(interpolation=None)
        try:
            conf.read(file, encoding="utf-8")
        except configparser.Error:
            continue  # pip itself will complain of it
        for section in ("global", "install"):
            if conf.has_section(section):
                settings |= {name.replace("_", "-"): value for name, value in conf.items(section)}
    for name in (*PIP_SETTINGS, "cert"):
        if value := os.environ.get("PIP_" + name.replace("-", "_").upper()):
            settings[name] = value
    return settings


def settings_of_this_machine() -> tuple[str, Path | None]:
    """The text of a pip.conf for builds ("" where none is needed) and the file of certificates to trust (or None)."""
    told = pip_settings()
    wanted = {}
    for name in PIP_SETTINGS:
        words = [word for word in told.get(name, "").split() if not word.startswith(("file:", "/"))]
        if words:
            wanted[name] = " ".join(words)
    certificate = next(
        (
            Path(p)
            for p in (told.get("cert"), os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("SSL_CERT_FILE"))
            if p
        ),
        None,
    )
    if certificate and certificate.is_file():
        wanted["cert"] = CA_FILE
    else:
        certificate = None
    if not wanted:
        return "", None
    conf = configparser.ConfigParser(interpolation=None)
    conf["global"] = wanted
    text = io.StringIO()
    conf.write(text)
    return text.getvalue(), certificate


def for_build(dockerfile: str, scratch: Path) -> tuple[list[str], str]:
    """The flags that a build needs here, and the Dockerfile with its mounts. `scratch` takes the secret's file."""
    flags = [
        word
        for name in PROXIES
        if os.environ.get(name) or os.environ.get(name.lower())
        for word in ("--build-arg", _spelled(name))
    ]
    conf, certificate = settings_of_this_machine()
    mounts, mounts_for_uv = [], []
    if conf:
        (scratch / "pip.conf").write_text(conf, encoding="utf-8")
        flags += ["--secret", f"id=workshop-pip,src={scratch / 'pip.conf'}"]
        mounts.append(CONF_MOUNT)
        (scratch / "uv.toml").write_text(_for_uv(conf), encoding="utf-8")
        flags += ["--secret", f"id=workshop-uv,src={scratch / 'uv.toml'}"]
        mounts_for_uv.append(UV_MOUNT)
    if certificate:
        flags += ["--secret", f"id=workshop-ca,src={certificate}"]
        mounts.append(CA_MOUNT)
        mounts_for_uv.append(UV_CA_MOUNT)
    return flags, with_mounts(with_mounts(dockerfile, mounts_for_uv, _calls_uv), mounts) if mounts else dockerfile


def _for_uv(pip_conf: str) -> str:
    """What this pip.conf says, in uv's words (https://docs.astral.sh/uv/reference/settings/)."""
    conf = configparser.ConfigParser(interpolation=None)
    conf.read_string(pip_conf)
    told = conf["global"]
    lines = [f"index-url = {json.dumps(told['index-url'])}"] if "index-url" in told else []
    for name, pips in (("extra-index-url", "extra-index-url"), ("allow-insecure-host", "trusted-host")):
        lines += [f"{name} = {json.dumps(told[pips].split())}"] if pips in told else []
    return "\n".join([*lines, *(["native-tls = true"] if "cert" in told else []), ""])


def _calls_uv(run: str) -> bool:
    """Whether a RUN calls uv, and does not itself write the certificates, which would be mounted then."""
    return re.search(r"\buv\b", run) is not None and not re.search(r"ca-certificates|\bapt(?:-get)?\b", run)


def _may_call_pip(run: str) -> bool:
    return MAY_CALL_PIP.search(run) is not None and "target=/etc/pip.conf" not in run


def _spelled(name: str) -> str:
    """The name as the environment spells it: Docker hands on what the argument without a value names."""
    return name if os.environ.get(name) else name.lower()


def with_mounts(dockerfile: str, mounts: list[str], wanted: Callable[[str], bool] = _may_call_pip) -> str:
    """The Dockerfile with `mounts` added to each RUN that may call pip, or is `wanted`. Every line keeps its number.

    ONBUILD RUN stays as it is: it would carry the mounts into the image's configuration.
    """
    added, out = " ".join(mounts), []
    for lines in instructions(dockerfile):
        text = "".join(lines)
        start = re.match(r"(?i)[ \t]*RUN(?=[\s\\`])", text)
        if start and wanted(text[start.end() :]):
            rest = text[start.end() :]
            text = f"{start[0]} {added}{rest if rest[0].isspace() else ' ' + rest}"
        out.append(text)
    return "".join(out)


def without_mounts(output: str) -> str:
    """What a build printed, with its RUN lines as the Dockerfile has them."""
    for mount in (CONF_MOUNT, CA_MOUNT, UV_MOUNT, UV_CA_MOUNT):
        output = output.replace(f"{mount} ", "")
    return output


def instructions(dockerfile: str) -> list[list[str]]:
    """The lines of a Dockerfile in groups: an instruction with all its lines and here-documents, or one other line.

    As in BuildKit's own parser (frontend/dockerfile/parser), a comment or an empty line inside an instruction does not
    end it.
    """
    directive = re.match(r"(?i)(?:#\s*\w+\s*=[^\n]*\n)*?#\s*escape\s*=\s*`\s*(?:\n|$)", dockerfile)
    escape = "`" if directive else "\\\\"
    goes_on = re.compile(rf"(?:^|[^{escape}]){escape}[ \t]*$")
    groups: list[list[str]] = []
    lines = iter(re.findall(r"[^\n]*\n|[^\n]+", dockerfile))
    for line in lines:
        group, joined = [line], ""
        bare = line.strip("\r\n")
        if not bare.strip() or bare.lstrip().startswith("#"):
            groups.append(group)
            continue
        while True:
            if bare.strip() and not bare.lstrip().startswith("#"):
                continued = goes_on.search(bare)
                joined += bare.rstrip()[:-1] if continued else bare
                if not continued:
                    break
            following = next(lines, None)
            if following is None:
                break
            group.append(following)
            bare = following.strip("\r\n")
        for end, tabs in _documents(joined):
            for following in lines:
                group.append(following)
                content = following.strip("\r\n")
                if (content.lstrip("\t") if tabs else content) == end:
                    break
        groups.append(group)
    return groups


def _documents(instruction: str) -> list[tuple[str, bool]]:
    """The here-documents of an instruction: the line that ends each, and whether tabs before that are skipped."""
    if not re.match(r"(?i)\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", instruction):
        return []
    try:
        words = shlex.split(instruction, posix=False)
    except ValueError:
        words = instruction.split()
    matches = (re.fullmatch(r"\d*<<(-?)([\"']?)([^\s<\"']+)\2", word) for word in words)
    return [(match[3], bool(match[1])) for match in matches if match]
