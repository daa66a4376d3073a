"""`doctor` on machines that lack something, as their docker command tells."""

import functools
import json
import tomllib

import pytest
from machines import DOCKER, Findings, mends, on, posix, stand_in

from workshop.course import lessons
from workshop.engine import engine, images
from workshop.machine import cost, remedies

NOT_PULLED = 'Error response from daemon: Get "https://registry.invalid/v2/": '


@pytest.fixture
def doctor(tmp_path):
    return functools.partial(Findings, tmp_path=tmp_path)


def test_no_docker_command(doctor, tmp_path):
    found = doctor({"PATH": str(tmp_path)})
    assert found.code == 3 and found.failed == ["command"] and found.hint("command") == mends("missing")
    assert found.steps["engine"]["outcome"] == "blocked" and found.steps["redis"]["outcome"] == "passed"
    without = {entry["lesson"]: entry["runtime"] for entry in found.said["lessons"]}
    assert (
        without["01_hello_flask"] == "embedded"
        and without["07_redis_api"] == "embedded"
        and without["03_dockerfile"] is None
    )
    assert (
        "03_dockerfile" in found.steps["command"]["lessons"]
        and "01_hello_flask" not in found.steps["command"]["lessons"]
    )
    assert "Lessons that work now: 1, 7" in found.screen


@posix
def test_podman_under_docker_s_name(doctor, tmp_path):
    found = doctor(stand_in(tmp_path, on("--version", "podman version 5.4.0", 0, "1")))
    assert found.failed == ["command"] and found.hint("command") == mends("podman")


@pytest.mark.skipif(not DOCKER, reason="no docker command")
def test_a_docker_host_where_no_engine_is(doctor, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    found = doctor({})
    assert found.code == 3 and found.failed == ["engine"] and found.hint("engine") == mends("docker host")
    assert f"DOCKER_HOST is set to unix://{tmp_path}/none.sock" in found.hint("engine")
    assert "docker daemon" in found.steps["engine"]["actual"].lower()


@posix
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "stopped",
            "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running",
        ),
        ("wsl", "The command 'docker' could not be found in this WSL 2 distro."),
        (
            "versions",
            "Error response from daemon: client version 1.43 is too old. Minimum supported API version is 1.44",
        ),
        ("context", 'unable to resolve docker endpoint: context "lab": context not found'),
        ("call", "Error response from daemon: something nobody has seen"),
    ],
)
def test_what_keeps_an_engine_from_answering_is_told_apart(doctor, tmp_path, kind, words):
    found = doctor(stand_in(tmp_path, on('"version "*', words)))
    assert found.code == 3 and found.failed == ["engine"] and found.hint("engine") == mends(kind)
    assert words in found.steps["engine"]["actual"]


@posix
def test_an_engine_that_hangs_is_left_after_5_s(doctor, tmp_path):
    found = doctor(stand_in(tmp_path, 'case "$*" in "version "*) exec sleep 60 ;; esac'))
    assert found.failed == ["engine"] and found.hint("engine") == mends("hangs")
    assert 4.5 < found.steps["engine"]["seconds"] < 8


@posix
def test_permission_is_a_step_of_its_own(doctor, tmp_path):
    words = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    found = doctor(stand_in(tmp_path, on('"version "*', words)))
    assert found.steps["engine"]["outcome"] == "passed" and found.failed == ["permission"]
    assert found.hint("permission") == mends("permission") and found.steps["build"]["outcome"] == "blocked"


@posix
def test_old_versions(doctor, tmp_path):
    old = '{"Client": {"Version": "20.10.7"}, "Server": {"Version": "19.03.1", "Os": "linux"}}'
    found = doctor(
        stand_in(
            tmp_path,
            "\n".join(
                [on('"version --format {{json .}}"', old, 0, "1"), on('"compose version --short"', "2.20.3", 0, "1")]
            ),
        )
    )
    assert {"versions", "compose"} <= set(found.failed)
    assert found.hint("versions") == mends("versions") and "20.10.7" in found.steps["versions"]["actual"]
    assert found.hint("compose") == mends("compose") and "2.20.3" in found.steps["compose"]["actual"]


@posix
def test_podman_behind_the_socket_is_not_judged_by_docker_s_numbers(doctor, tmp_path):
    server = {"Version": "5.4.0", "Os": "linux", "Components": [{"Name": "Podman Engine", "Version": "5.4.0"}]}
    said = json.dumps({"Client": {"Version": "28.0.1"}, "Server": server})
    found = doctor(stand_in(tmp_path, on('"version --format {{json .}}"', said, 0, "1")))
    assert found.steps["versions"]["detail"] == "docker 28.0.1, podman 5.4.0"


@posix
def test_windows_containers(doctor, tmp_path):
    said = '{"Client": {"Version": "28.0.1"}, "Server": {"Version": "28.0.1", "Os": "windows"}}'
    found = doctor(stand_in(tmp_path, on('"version --format {{json .}}"', said, 0, "1")))
    assert found.hint("versions") == mends("windows containers")


@posix
def test_no_compose_and_no_buildx(doctor, tmp_path):
    missing = "\n".join(
        on(f'"{name} "*', f"docker: '{name}' is not a docker command.\nSee 'docker --help'")
        for name in ("compose", "buildx")
    )
    found = doctor(stand_in(tmp_path, missing))
    assert found.hint("compose") == mends("compose") and found.hint("buildx") == mends("buildx")
    assert found.steps["build"]["outcome"] == "blocked"
    assert found.steps["compose"]["lessons"] == [
        lesson.name for lesson in lessons.catalogue() if cost.has_stack(lesson)
    ]


@posix
def test_the_old_builder_switched_on(doctor, tmp_path):
    assert doctor(stand_in(tmp_path) | {"DOCKER_BUILDKIT": "0"}).hint("buildx") == mends("no buildkit")


@posix
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("registry name", NOT_PULLED + "dial tcp: lookup registry.invalid on 10.0.0.1:53: no such host"),
        ("registry name", NOT_PULLED + "net/http: TLS handshake timeout"),
        (
            "registry name",
            NOT_PULLED
            + "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
        ),
        (
            "registry certificate",
            NOT_PULLED + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ),
        ("registry proxy", NOT_PULLED + "proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused"),
        ("registry limit", "Error response from daemon: toomanyrequests: You have reached your pull rate limit."),
        (
            "registry refuses",
            "Error response from daemon: no matching manifest for linux/riscv64 in the manifest list entries",
        ),
        ("disk full", "failed to register layer: write /usr/lib/libx.so: no space left on device"),
    ],
)
def test_no_base_image_and_none_to_be_pulled(doctor, tmp_path, kind, words):
    missing = on(f'"image inspect"*{images.BASE}*', "Error response from daemon: No such image", 1)
    offline = "\n".join([on('"pull "*', words), on('"manifest inspect"*', "no such manifest")])
    found = doctor(stand_in(tmp_path, f"{missing}\n{offline}"))
    step = f"image {images.BASE}"
    assert found.code == 3 and found.failed == [step] and found.hint(step) == mends(kind), found.screen
    assert found.steps["build"]["outcome"] == "blocked" and found.steps[step]["lessons"]


@posix
def test_a_base_image_is_pulled_where_it_can_be(doctor, tmp_path):
    manifest = {
        "Descriptor": {"platform": {"architecture": "amd64"}},
        "OCIManifest": {"layers": [{"size": 40_000_000}, {"size": 5_000_000}]},
    }
    other = {"Descriptor": {"platform": {"architecture": "arm64"}}, "OCIManifest": {"layers": [{"size": 1}]}}
    missing = f"[ -e {tmp_path}/pulled ] || {{ {on(f'*inspect*{{{{.Size}}}}*{images.REDIS}*', 'No such image')} \n}}"
    pulls = f'case "$*" in "pull "*) touch {tmp_path}/pulled ;; esac'
    found = doctor(
        stand_in(
            tmp_path, "\n".join([missing, pulls, on('"manifest inspect"*', json.dumps([other, manifest]), 0, "1")])
        )
    )
    assert found.steps[f"image {images.REDIS}"]["detail"] == "pulled just now, 45 MB"


@posix
def test_a_full_disk_is_told_in_a_build_and_before_it(doctor, tmp_path):
    found = doctor(
        stand_in(
            tmp_path,
            on('"build "*', "#5 [2/2] RUN x\n#5 0.1 done\nERROR: failed to solve: write /x: no space left on device"),
        )
    )
    assert found.failed == ["build"] and found.hint("build") == mends("disk full")
    found = doctor(stand_in(tmp_path, on('*"disk_usage"*', "900000000", 0, "1")))
    assert found.hint("disk") == mends("disk full") and "0.9 GB free" in found.steps["disk"]["actual"].replace(
        "900 MB", "0.9 GB"
    )


@posix
def test_a_container_that_cannot_be_limited_and_networks_that_ran_out(doctor, tmp_path):
    cpus = "docker: Error response from daemon: NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted"
    assert doctor(stand_in(tmp_path, on('"run --rm"*', cpus, 125))).hint("run") == mends("limits")
    pools = "Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
    assert doctor(stand_in(tmp_path, on('"network create"*', pools))).hint("run") == mends("networks")


PIP_SAID = [
    (
        "build proxy",
        "WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.', OSError('Tunnel "
        "connection failed: 407 Proxy Authentication Required'))'",
    ),
    (
        "build certificate",
        "WARNING: Retrying … connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
        "CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate",
    ),
    (
        "build name",
        "WARNING: Retrying … 'NameResolutionError(\"HTTPSConnection(host='index.invalid', port=443): Failed to "
        "resolve 'index.invalid' ([Errno -3] Temporary failure in name resolution)\")'",
    ),
    (
        "build network",
        "WARNING: Retrying … 'NewConnectionError('HTTPSConnection(host='10.0.0.1', port=443): Failed to "
        "establish a new connection: [Errno 111] Connection refused')'",
    ),
    (
        "build network",
        "WARNING: Retrying … 'ConnectTimeoutError(<HTTPSConnection>, 'Connection to 10.0.0.1 timed out. (connect timeout=15.0)')'",
    ),
    (
        "build index",
        "ERROR: Could not find a version that satisfies the requirement itsdangerous (from versions: "
        "none)\nERROR: No matching distribution found for itsdangerous",
    ),
    ("disk full", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
]


@posix
@pytest.mark.parametrize(("kind", "words"), PIP_SAID)
def test_trouble_with_packages_in_a_build_is_told_apart(doctor, tmp_path, kind, words):
    said = "#6 [2/2] RUN pip download\n" + "\n".join(f"#6 0.9 {line}" for line in words.splitlines())
    found = doctor(stand_in(tmp_path, on('*"doctor-pip"*', f"{said}\nERROR: failed to solve: exit code: 1")))
    assert found.hint("packages") == mends(kind), found.screen


def test_every_remedy_says_what_to_do_on_every_system():
    kinds = tomllib.loads(remedies.WORDS.read_text(encoding="utf-8"))
    for kind in kinds:
        for system in (remedies.LINUX, remedies.MACOS, remedies.WINDOWS, remedies.WSL):
            words = remedies.fix(kind, system)
            assert words.endswith(remedies.AGAIN) and len(words) > len(remedies.AGAIN) + 20 and "  " not in words
    told = {kind for table in (remedies.PULL, remedies.PACKAGES) for kind, _ in table}
    assert told | set(engine.TROUBLE) | {"missing", "hangs"} <= set(kinds)


def test_sizes_are_read_and_shown_as_docker_writes_them():
    assert [cost.parsed(words) for words in ("0B", "16B", "12.34MB", "1.5GB", "14.33kB", "-")] == [
        0,
        16,
        12_340_000,
        1_500_000_000,
        14_330,
        0,
    ]
    assert [cost.shown(size) for size in (0, 12_340_000, 1_320_000_000, None)] == [
        "0 MB",
        "12 MB",
        "1.3 GB",
        "an unknown size",
    ]
