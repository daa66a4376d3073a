"""How a package index, a proxy or a certificate authority that this machine needs reaches a build without ending up in the image.

Proxies are build arguments that Docker predefines: they reach RUN and stay out of the history. pip's settings and the certificates are
secrets, mounted for the time of each RUN: a Dockerfile is read, and each of its RUN lines gets the mounts. Nothing of it is in a layer.
"""

from __future__ import annotations

import configparser
import functools
import io
import os
import re
import sys
from pathlib import Path

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY")
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
CONF_MOUNT = "--mount=type=secret,id=workshop-pip,target=/etc/pip.conf,mode=0444"
CA_MOUNT = "--mount=type=secret,id=workshop-ca,target=/run/workshop-ca.pem,mode=0444"


def _configuration_files() -> list[Path]:
    """pip's configuration files, the weakest first (https://pip.pypa.io/en/stable/topics/configuration/)."""
    if chosen := os.environ.get("PIP_CONFIG_FILE"):
        return [Path(chosen)] if chosen != os.devnull else []
    home = Path.home()
    if os.name == "nt":
        appdata = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
        return [Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "pip/pip.ini", home / "pip/pip.ini", appdata / "pip/pip.ini", Path(sys.prefix) / "pip.ini"]
    folders = [Path("/etc/xdg/pip"), Path("/Library/Application Support/pip"), Path("/etc"), home / ".pip", home / "Library/Application Support/pip"]
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
    certificate = next((Path(p) for p in (told.get("cert"), os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("SSL_CERT_FILE")) if p), None)
    if certificate and certificate.is_file():
        wanted["cert"] = "/run/workshop-ca.pem"
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
    """The flags that a build needs here, and the Dockerfile with the mounts in its RUN lines. `scratch` takes the secret's file."""
    flags = [word for name in PROXIES if os.environ.get(name) or os.environ.get(name.lower()) for word in ("--build-arg", _spelled(name))]
    conf, certificate = settings_of_this_machine()
    mounts = []
    if conf:
        (scratch / "pip.conf").write_text(conf, encoding="utf-8")
        flags += ["--secret", f"id=workshop-pip,src={scratch / 'pip.conf'}"]
        mounts.append(CONF_MOUNT)
    if certificate:
        flags += ["--secret", f"id=workshop-ca,src={certificate}"]
        mounts.append(CA_MOUNT)
    return flags, with_mounts(dockerfile, mounts) if mounts else dockerfile


def _spelled(name: str) -> str:
    """The name as the environment spells it: Docker hands on what the argument without a value names."""
    return name if os.environ.get(name) else name.lower()


def with_mounts(dockerfile: str, mounts: list[str]) -> str:
    """The Dockerfile with `mounts` added to each RUN instruction; continuation lines and here-documents stay as they are."""
    escape = "`" if re.match(r"(?i)(?:#[^\n]*\n)*#\s*escape\s*=\s*`", dockerfile) else "\\"
    added, lines, inside, document = " ".join(mounts), [], False, None
    for line in dockerfile.splitlines(keepends=True):
        bare = line.rstrip("\r\n").rstrip()
        if document:
            lines.append(line)
            if line.strip() == document:
                document = None
            continue
        if not inside and (match := re.match(r"(?i)(\s*RUN)(\s+)", line)):
            line = f"{match[1]} {added}{line[len(match[1]):]}"
        lines.append(line)
        if not bare.lstrip().startswith("#"):
            if not inside and (start := re.match(r"(?i)\s*(?:RUN|COPY|ADD)\b.*?<<-?\s*[\"']?(\w+)[\"']?", bare)):
                document = start[1]
            inside = bare.endswith(escape) and document is None
    return "".join(lines)
