"""`doctor` on a real engine, and on machines that lack one thing for real: a proxy, a package, a certificate."""

import functools
import http.server
import shutil
import ssl
import subprocess
import threading

import pytest
from machines import Findings, mends, on, passing_on, posix, real_downloads
from missing import cannot

from workshop.engine import engine, images
from workshop.engine.run import Run
from workshop.machine import cost, remedies

pytestmark = pytest.mark.usefixtures("has_engine")


@pytest.fixture
def doctor(tmp_path):
    return functools.partial(Findings, tmp_path=tmp_path)


def test_all_is_well_on_an_engine_with_the_base_images(doctor):
    found = doctor({})
    assert found.code == 0 and found.said["ready"] and not found.failed, found.screen
    assert all(step["outcome"] == "passed" and step["detail"] for step in found.said["steps"]), found.screen
    assert {entry["runtime"] for entry in found.said["lessons"]} == {"docker"}
    sizes = found.said["cost"]
    assert sizes["images"] >= (cost.size_of(images.BASE) or 0) + (cost.size_of(images.REDIS) or 0)
    assert 0 < sizes["here"] <= sizes["total"] == sizes["images"] + sizes["packages"] and sizes["free"] > 0
    assert "All is well." in found.screen and "✓" in found.screen and "\x1b" not in found.screen


@posix
def test_a_port_that_leads_nowhere_and_a_mount_that_is_empty(doctor, tmp_path):
    elsewhere = on('"port "*', "127.0.0.1:1", 0, "1")
    empty = 'case "$*" in *"type=bind"*"cat /word") exit 0 ;; esac'
    quick = on('*"doctor-pip"*', "no", 1)
    found = doctor(passing_on(tmp_path, "\n".join([elsewhere, empty, quick])))
    assert {"answer", "mount"} <= set(found.failed), found.screen
    assert found.hint("answer") == mends("port") and found.hint("mount") == mends("mount")
    assert "empty inside" in found.steps["mount"]["actual"]


# What pip printed in real builds, each under the trouble that was made for it.
def test_a_proxy_on_this_machine_s_loopback_is_no_proxy_for_a_build(doctor, tmp_path):
    found = doctor(real_downloads(tmp_path, HTTPS_PROXY="http://127.0.0.1:9"))
    assert found.hint("packages") == mends("local proxy"), found.screen


def test_a_proxy_that_is_not_there_is_a_proxy_s_trouble(doctor, tmp_path):
    found = doctor(real_downloads(tmp_path, HTTPS_PROXY=f"http://{gateway()}:9"))
    assert found.hint("packages") == mends("build proxy"), found.screen


def test_a_proxy_that_takes_127_0_0_1_too_keeps_curl_from_the_service(doctor, tmp_path):
    quick = on('*"doctor-pip"*', "no", 1)
    found = doctor(
        passing_on(tmp_path, quick) | {"http_proxy": f"http://{gateway()}:9", "HTTP_PROXY": f"http://{gateway()}:9"}
    )
    assert found.hint("answer") == mends("no_proxy"), found.screen


def gateway() -> str:
    """The address under which a build reaches this machine."""
    form = "{{(index .IPAM.Config 0).Gateway}}"
    done = engine.docker("network", "inspect", "bridge", "--format", form)
    return done.out.strip() or "172.17.0.1"


@pytest.fixture
def index(tmp_path):
    """Starts a package index without packages on the engine's gateway: with or without TLS."""
    servers = []

    def start(certificate: tuple[str, str] | None) -> str:
        class Empty(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                return

        try:
            server = http.server.ThreadingHTTPServer((gateway(), 0), Empty)
        except OSError:
            cannot("the engine's gateway is no address of this machine")
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"{'https' if certificate else 'http'}://{gateway()}:{server.server_port}/simple"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_words_of_pip_for_a_certificate_that_it_does_not_trust(index, tmp_path):
    if not shutil.which("openssl"):
        cannot("no openssl to make a certificate")
    pair = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", pair[1]]
    words = ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=index.test", "-out", pair[0], *key]
    subprocess.run(words, check=True, capture_output=True)
    url = index(pair).replace(gateway(), "index.test")
    flags = ("--rm", "--pull", "never", "--add-host", f"index.test:{gateway()}")
    download = ("pip", "download", "--no-deps", "--retries", "1", "--index-url", url, "itsdangerous")
    with Run() as run:
        done = run.docker("run", *flags, "--label", run.label, images.BASE, *download, timeout=60)
    said = done.out + done.err
    assert remedies.told_by(said, remedies.PACKAGES, "none") == "build certificate", said


def test_an_index_without_the_package(doctor, index, tmp_path):
    found = doctor(real_downloads(tmp_path, PIP_INDEX_URL=index(None), PIP_TRUSTED_HOST=gateway()))
    assert found.hint("packages") == mends("build index"), found.screen


def test_nothing_of_a_doctor_stays(doctor, tmp_path):
    doctor(passing_on(tmp_path, on('*"doctor-pip"*', "no", 1)))
    assert not list((tmp_path / "state" / "runs").iterdir())
