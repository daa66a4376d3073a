"""A package index, a proxy and certificates reach a real build, and leave nothing of themselves in the image."""

import json
import os
import re

import pytest

from workshop.engine import engine, images, packages
from workshop.engine.run import Run

DOCKERFILE = """\
FROM python:3.13-slim AS first
RUN env | sort; pip config list; pip config debug
RUN true
RUN cat /etc/pip.conf \\
# a comment
 /dev/*.pem | grep -v '^$' | wc -l && ./no-such-script || echo done
FROM first
RUN ["pip", "config", "list"]
RUN <<EOF
pip config list
EOF
RUN cat /etc/uv/uv.toml /etc/ssl/certs/ca-cert*.crt | head -5; : uv sync
RUN mkdir /data
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, has_engine: None):
    """One real build on a machine with an index, a proxy and certificates of its own, and one on a plain machine."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "ca.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nworkshop-secret-authority\n-----END CERTIFICATE-----\n"
    )
    with pytest.MonkeyPatch.context() as patch, Run() as run:
        made = {}
        for name, environment in {
            "plain": {},
            "special": {
                "PIP_INDEX_URL": "https://reader:secret-word@secret-index.invalid/simple",
                "PIP_CERT": str(folder / "ca.pem"),
                "HTTPS_PROXY": "http://reader:secret-word@secret-proxy.invalid:3128",
            },
        }.items():
            for variable in [*os.environ]:
                if variable.startswith(("PIP_", "REQUESTS_", "SSL_CERT")) or variable.lower().endswith("_proxy"):
                    patch.delenv(variable)
            patch.setenv("PIP_CONFIG_FILE", os.devnull)
            for variable, value in environment.items():
                patch.setenv(variable, value)
            packages.pip_settings.cache_clear()
            flags, text = packages.for_build(DOCKERFILE, run.scratch("conf"))
            tag = run.name("image")
            context = run.scratch("context")
            words = (
                "build",
                "--no-cache",
                "--progress=plain",
                "--tag",
                tag,
                "--label",
                run.label,
                *flags,
                "--file",
                "-",
                str(context),
            )
            done = run.docker(*words, data=text.encode(), timeout=120)
            assert done.ok, done.err
            made[name] = (done.err, images.Image(tag, run, context))
        packages.pip_settings.cache_clear()
        yield made
    packages.pip_settings.cache_clear()


def test_index_proxy_and_certificates_reach_every_run_of_a_real_build(built) -> None:
    said = built["special"][0]
    assert (
        said.count("global.index-url='https://reader:****@secret-index.invalid/simple'")
        + said.count("secret-index.invalid/simple'")
        >= 3
    )
    assert f"global.cert='{packages.CA_FILE}'" in said
    assert (
        re.search(r'index-url = ".*secret-index.invalid/simple"', said)
        and "native-tls = true" in said
        and "workshop-secret-authority" in said
    )
    assert "HTTPS_PROXY=http://reader:secret-word@secret-proxy.invalid:3128" in said
    assert "secret" not in built["plain"][0].replace("secret,id", "")


def test_nothing_of_them_is_in_the_image(built) -> None:
    image = built["special"][1]
    told = json.dumps(image.details) + "\n".join(image.history)
    assert (
        "secret" not in told
        and "id=workshop" not in told
        and "workshop-ca.pem" not in told
        and "proxy" not in told.lower()
    )
    base = len(
        json.loads(
            engine.must(engine.docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", images.BASE)).out
        )
    )
    with image.unpacked() as layers:
        for _, layer in layers[base:]:
            for member in layer.getmembers():
                assert not re.search(r"pip\.conf|uv\.toml|workshop", member.name)
                if member.isfile():
                    content = layer.extractfile(member)
                    assert content is not None and b"secret" not in content.read()


def test_layers_are_those_of_a_build_without_mounts(built) -> None:
    names = {}
    for kind, (_, image) in built.items():
        with image.unpacked() as layers:
            names[kind] = [[m.name for m in layer.getmembers()] for _, layer in layers]
        assert image.history == built["plain"][1].history
    assert len(names["plain"]) == len(names["special"])
    for plain, special in zip(names["plain"], names["special"], strict=True):
        assert set(special) - set(plain) <= {"etc"}, "only the folder's own entry"
    plain, special = (built[kind][1].layers for kind in ("plain", "special"))
    assert plain[-6] == special[-6], "RUN true makes the same layer"
