"""A student's compose file: what is run of it, and what is refused."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from workshop.causes.general import GENERAL
from workshop.compose import looking
from workshop.compose.facts import Lack
from workshop.compose.rewrite import GATE, Plan, quick, rewritten, seconds
from workshop.composefile import file as compose_file
from workshop.course.places import ROOT
from workshop.engine import engine, images
from workshop.engine.engine import Done
from workshop.mistakes.finding import Search, Sight
from workshop.outcomes import NotUp, Unchecked

ANSWERS = ROOT / "answers" / "08_compose" / "right"
RIGHT = [ROOT, ROOT / "solutions" / "08_compose", *(sorted(ANSWERS.iterdir()) if ANSWERS.exists() else [])]


def read(folder, text):
    (folder / "docker-compose.yml").write_text(text, encoding="utf-8")
    return compose_file.read(folder, "08_compose")


def refusal(folder, text):
    with pytest.raises(NotUp) as caught:
        read(folder, text)
    return caught.value.hint


@pytest.mark.parametrize("folder", RIGHT, ids=lambda folder: folder.name)
def test_right_files_are_let_through(folder):
    assert {"web", "redis"} <= set(compose_file.read(folder, "08_compose").services())


@pytest.mark.parametrize(
    "setting, words",
    [
        ("privileged: true", "privileged"),
        ("network_mode: host", "network_mode"),
        ("pid: host", "pid"),
        ("cap_add: [SYS_ADMIN]", "cap_add"),
        ("security_opt: [seccomp:unconfined]", "security_opt"),
        ("devices: [/dev/sda]", "devices"),
        ("extends: {file: ../other.yml, service: a}", "extends"),
        ("volumes_from: [redis]", "volumes_from"),
        ("secrets: [token]", "secrets"),
        ("userns_mode: host", "userns_mode"),
        ("cgroup_parent: /", "cgroup_parent"),
        ("runtime: sysbox", "runtime"),
        ("sysctls: {net.ipv4.ip_forward: 1}", "sysctls"),
        ("extra_hosts: [host.docker.internal:host-gateway]", "extra_hosts"),
        ("dns: 8.8.8.8", "dns"),
        ("env_file: /etc/passwd", "no path inside"),
        ("env_file: ../secret.env", "leads out"),
        ("env_file: [a.env, {path: a/../../b.env}]", "leads out"),
        ("env_file: ${HOME}/x", "variable"),
        ("env_file: ~/.netrc", "no path inside"),
        ("build: ..", "leads out"),
        ("build: {context: /}", "no path inside"),
        ("build: https://example.org/x.git", "no path inside"),
        ("build: git@example.org:x.git", "no path inside"),
        ("build: {context: ., dockerfile: ../Dockerfile}", "leads out"),
        ("build: {context: ., network: host}", "network"),
        ("build: {context: ., additional_contexts: {x: /}}", "additional_contexts"),
        ("build: {context: ., args: [BUILDKIT_SYNTAX=evil]}", "build itself"),
        ("build: {context: ., args: {BUILDKIT_SYNTAX: evil}}", "build itself"),
        ("volumes: [/etc:/etc]", "no path inside"),
        ("volumes: [../:/up]", "leads out"),
        ("volumes: ['./a/../../b:/b']", "leads out"),
        ("volumes: ['$PWD:/b']", "variable"),
        ("volumes: ['~/.ssh:/ssh']", "no path inside"),
        ("volumes: [{type: bind, source: /var/run/docker.sock, target: /s}]", "no path inside"),
        ("volumes: [{type: npipe, source: x, target: /s}]", "npipe"),
        ("volumes: [{type: bind, source: ., target: /s, bind: {propagation: shared}}]", "propagation"),
        ("networks: {default: {ipv4_address: 10.0.0.2}}", "ipv4_address"),
        ("deploy: {resources: {reservations: {devices: []}}}", "devices"),
        ("enviroment: {A: b}", "`environment`"),
        ('"privi\\x6ceged": true', "privileged"),
        ("<<: {privileged: true}", "privileged"),
        ("image: !secret x", "tag"),
        ("[a]: b", "no name"),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_its_line(tmp_path, setting, words):
    text = f"services:\n  redis: {{image: 'redis:8'}}\n  web:\n    init: true\n    {setting}\n"
    hint = refusal(tmp_path, text)
    assert "line 5" in hint
    assert words in hint


@pytest.mark.parametrize(
    "text, words",
    [
        ("include: [/etc/other.yml]\nservices: {web: {image: x}}\n", ["line 1", "include"]),
        ("services: {web: {image: x}}\nnetworks: {a: {external: true}}\n", ["line 2", "external"]),
        ("services: {web: {image: x}}\nnetworks: {a: {driver: host}}\n", ["line 2", "bridge"]),
        ("services: {web: {image: x}}\nnetworks: {a: {ipam: {config: []}}}\n", ["line 2", "ipam"]),
        (
            "services: {web: {image: x}}\nvolumes: {a: {driver_opts: {device: /, o: bind}}}\n",
            ["line 2", "driver_opts"],
        ),
        ("services: {web: {image: x}}\nsecrets: {a: {file: /etc/shadow}}\n", ["line 2", "secrets"]),
        ("services: {web: {image: x}}\nconfigs: {a: {file: /etc/shadow}}\n", ["line 2", "configs"]),
        ("services:\n  web: {image: x}\nredis:\n  image: redis\n", ["line 3", "outside of `services:`"]),
        ("services:\n  web:\n    image: x\n  volumes:\n    data:\n", ["line 5", "below `services`"]),
        ("services:\n  web:\n    image: x\n    ports: [5000]\n    image: y\n", ["`image` twice", "3 and 5"]),
        ("services:\n  web:\n    image: x\n\tports: [5000]\n", ["line 4", "tab"]),
        ("services:\n  web:\n    image: x\n   ports: [5000]\n", ["line 4", "indentation"]),
        ("services:\n  web\n    image: x\n", ["not YAML", "`:`"]),
        ("", ["services:"]),
        ("- a\n- b\n", ["services:"]),
        ("a: b\n---\nc: d\n", ["not YAML"]),
        ("x-a: &a [*a]\n", ["without end"]),
        (
            "x-0: &x0 [1]\n" + "".join(f"x-{i}: &x{i} [*x{i - 1}, *x{i - 1}]\n" for i in range(1, 40)),
            ["aliases counted"],
        ),
        ("[" * 5000, ["without end"]),
        ("x: " + "y" * 200_000, ["larger than"]),
    ],
)
def test_bad_files_are_told_apart(tmp_path, text, words):
    start = time.monotonic()
    hint = refusal(tmp_path, text)
    assert all(word in hint for word in words), hint
    assert time.monotonic() - start < 20


def test_other_files_beside_it(tmp_path):
    (tmp_path / "docker-compose.yml").write_bytes(b"services: {w\xe9b: {}}")
    with pytest.raises(NotUp, match="UTF-8"):
        compose_file.read(tmp_path, "08_compose")
    (tmp_path / "docker-compose.override.yml").write_text("services: {}")
    assert "override" in refusal(tmp_path, "services: {web: {image: x}}")
    with pytest.raises(NotUp, match=r"no file docker-compose\.yml"):
        compose_file.read(ROOT / "lessons", "08_compose")


def test_what_stands_where(tmp_path):
    written = read(tmp_path, "services:\n  web:\n    image: x\n    ports:\n      - '1'\n      - {target: 2}\n")
    assert written.services() == ["web"]
    assert (written.at("services", "web", "ports").value, written.at("services", "web", "ports").line) == (
        ["1", {"target": "2"}],
        4,
    )
    assert written.at("services", "web", "ports", 1).line == 6
    assert written.at("services", "redis", "ports") is None
    assert written.where("services", "web", "image") == "docker-compose.yml, line 3"


@pytest.mark.parametrize(
    "text, wanted", [("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1.5s", 1.5), (None, 7), ("", 7)]
)
def test_durations(text, wanted):
    assert seconds(text, 7) == wanted


@pytest.mark.parametrize("new", [True, False])
def test_a_health_test_is_asked_often_and_given_as_long(monkeypatch, new):
    monkeypatch.setattr(engine, "knows_start_interval", lambda: new)
    made = quick({"test": ["CMD", "x"], "interval": "10s", "retries": 6, "start_period": "20s", "timeout": "3s"})
    assert (made["test"], made["timeout"]) == (["CMD", "x"], "3s")
    if new:
        assert (made["start_period"], made["start_interval"]) == ("80.000s", "0.5s")
    else:
        assert float(made["interval"][:-1]) * made["retries"] == 80
    assert quick({"disable": True}) == {"disable": True}


CONFIG = {
    "services": {
        "web": {
            "build": {"context": "/f", "dockerfile": "Dockerfile"},
            "ports": [{"target": 5000, "published": "80", "host_ip": "0.0.0.0", "mode": "ingress", "protocol": "tcp"}],
            "container_name": "shop",
            "privileged": True,
            "network_mode": "host",
            "cap_add": ["ALL"],
            "labels": {"workshop.run": "another"},
            "security_opt": ["seccomp:unconfined"],
            "deploy": {"resources": {"limits": {"memory": str(2**20), "cpus": 9}}, "replicas": 2, "placement": {}},
        },
        "redis": {
            "image": "redis:8",
            "command": ["redis-server"],
            "volumes": [{"type": "volume", "source": "d", "target": "/data"}],
        },
        "own": {"image": "redis:8", "user": "999", "entrypoint": ["sh"]},
    },
    "networks": {"default": {"name": "p_default", "driver_opts": {"x": "y"}}},
    "volumes": {"d": {"name": "fixed", "driver_opts": {"device": "/"}}},
}


def plan(**changes):
    return Plan("ab12", "token", "p", Path("/f"), {"web": "built", "redis": "redis:8", "own": "redis:8"}, **changes)


def test_the_file_that_is_run():
    made = rewritten(CONFIG, plan())
    web, redis, own = (made["services"][name] for name in ("web", "redis", "own"))
    assert web["image"] == "built"
    assert web["ports"] == [{"target": 5000, "protocol": "tcp", "host_ip": "127.0.0.1"}]
    assert web["labels"] == {"workshop.run": "ab12", "workshop.stack": "token"}
    assert web["container_name"] == "workshop-ab12-shop"
    assert (web["mem_limit"], web["cpus"], web["cap_drop"], web["security_opt"]) == (
        2**20,
        1.0,
        ["ALL"],
        ["no-new-privileges:true"],
    )
    assert not {"privileged", "network_mode", "cap_add", "build"} & set(web)
    assert web["deploy"] == {"replicas": 2}
    assert "SETUID" in redis["cap_add"]
    assert "cap_add" not in own
    assert made["volumes"]["d"] == {"name": "workshop-ab12-fixed", "labels": web["labels"]}
    assert made["networks"]["default"]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


def test_a_service_that_is_held_back():
    made = rewritten(CONFIG, plan(held="redis", commands={"redis": ["a", "b"]}))
    assert made["services"]["redis"]["entrypoint"] == ["sh", "-c", GATE, "gate"]
    assert made["services"]["redis"]["command"] == ["a", "b"]
    assert "container_name" not in made["services"]["web"]
    assert made["volumes"]["d"]["name"] == "p_d"


@pytest.mark.parametrize(
    "mount, error",
    [
        ({"type": "bind", "source": "/etc", "target": "/x"}, "leads out"),
        ({"type": "cluster", "source": "x", "target": "/x"}, "not run here"),
    ],
)
def test_no_mount_leads_out(mount, error):
    config = {"services": {"web": {"image": "x", "volumes": [mount]}}}
    with pytest.raises(NotUp, match=error):
        rewritten(config, Plan("a", "t", "p", Path("/f"), {"web": "x"}))


def test_a_remote_engine_sees_no_folder(monkeypatch):
    monkeypatch.setattr(engine, "is_remote", lambda: True)
    config = {"services": {"web": {"image": "x", "volumes": [{"type": "bind", "source": "/f/a", "target": "/x"}]}}}
    with pytest.raises(Unchecked):
        rewritten(config, Plan("a", "t", "p", Path("/f"), {"web": "x"}))


@pytest.mark.parametrize(
    "said, words",
    [
        ("dependency cycle detected: redis -> web -> redis", ["circle", "redis -> web"]),
        ('service "web" depends on undefined service "db": invalid compose project', ["line 4", "`db`", "`redis`"]),
        ('service "web" refers to undefined volume data: invalid compose project', ["line 2", "volumes:", "declare"]),
        (
            'service "web" has neither an image nor a build context specified: invalid compose project',
            ["line 2", "neither"],
        ),
        ("validating /x/docker-compose.yml: services.web.depends_on must be a list", ["line 4", "must be a list"]),
        ("env file /x/a.env not found: stat /x/a.env: no such file or directory", ["no file a.env"]),
        ("something new", ["does not take the file", "something new"]),
    ],
)
def test_what_compose_says_of_a_file(tmp_path, said, words):
    written = read(tmp_path, "services:\n  web:\n    image: x\n    depends_on: [db]\n  redis: {image: x}\n")
    stack = SimpleNamespace(as_written=written, folder=Path("/x"), project="workshop-1-stack-2")
    error = looking.of_config(stack, Done(("compose",), 1, "", said, 0.1))
    found = Search(Sight(error.facts)).first(GENERAL)
    assert found and all(word in found.hint for word in words), found


@pytest.mark.parametrize(
    "said, kind",
    [
        ("manifest for x:y not found: manifest unknown", images.NoSuchImage),
        ("dial tcp: lookup x: no such host", Unchecked),
    ],
)
def test_an_image_that_is_not_there(tmp_path, monkeypatch, said, kind):
    monkeypatch.setattr(engine, "has_image", lambda name: False)
    written = read(tmp_path, "services:\n  web:\n    image: x:y\n")
    monkeypatch.setattr(engine, "docker", lambda *a, **k: Done(a, 1, "", said, 0.1))
    with pytest.raises(kind, match="x:y") as raised:
        images.need_image("x:y")
    error = looking.of_image(SimpleNamespace(as_written=written), "web", "x:y", raised.value.actual)
    assert error.facts["compose_file"].lacks(Lack.IMAGE) == {"place": "docker-compose.yml, line 3", "image": "x:y"}
    assert error.actual == said
