"""A student's compose file: what is run of it, and what is refused."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from workshop.causes.general import GENERAL
from workshop.compose import looking
from workshop.compose.facts import Lack
from workshop.compose.rewrite import GATE, Plan, health_of, quick, rewritten, rights, seconds, set_aside
from workshop.composefile import file as compose_file
from workshop.composefile import shapes
from workshop.composefile.settings import START_RIGHTS
from workshop.composefile.written import AsWritten
from workshop.course import handin
from workshop.course.places import ROOT
from workshop.engine import engine, images
from workshop.engine.engine import Done
from workshop.engine.limits import ULIMITS
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
        ("extends: {file: ../other.yml, service: a}", "leads out"),
        ("extends: {file: github.com/a/b, service: a}", "no path inside"),
        ("label_file: ../labels", "leads out"),
        ("env_file: '${FILE:-web.env}'", "variable"),
        ("cap_add: [NET_ADMIN]", "rights over the machine"),
        ("security_opt: [no-new-privileges:false]", "wall"),
        ("security_opt: [apparmor:unconfined]", "wall"),
        ("network_mode: service:redis", "network_mode"),
        ("pid: service:redis", "pid"),
        ("ipc: host", "ipc"),
        ("uts: host", "uts"),
        ("sysctls: {vm.overcommit_memory: 1}", "whole machine"),
        ("sysctls: [kernel.pid_max=1]", "whole machine"),
        ("gpus: all", "gpus"),
        ("device_cgroup_rules: [a]", "device_cgroup_rules"),
        ("external_links: [other]", "external_links"),
        ("provider: {type: x}", "provider"),
        ("use_api_socket: true", "use_api_socket"),
        ("post_start: [{command: x, privileged: true}]", "privileged"),
        ("build: {context: ., ssh: [default]}", "ssh"),
        ("build: {context: ., privileged: true}", "privileged"),
        ("build: {context: ., additional_contexts: [x=../y]}", "leads out"),
        ("build: {context: ., additional_contexts: {x: 'docker-image://y'}}", "no path inside"),
        ("deploy: {resources: {reservations: {devices: [{count: 1}]}}}", "devices"),
        ("volumes_from: [redis]", "volumes_from"),
        ("deploy: {replicas: 10000}", "at most 10 containers"),
        ("scale: 11", "at most 10 containers"),
        ("userns_mode: host", "userns_mode"),
        ("cgroup_parent: /", "cgroup_parent"),
        ("runtime: sysbox", "runtime"),
        ("env_file: /etc/passwd", "no path inside"),
        ("env_file: ../secret.env", "leads out"),
        ("env_file: [a.env, {path: a/../../b.env}]", "leads out"),
        ("env_file: ${HOME}/x", "variable"),
        ("env_file: ~/.netrc", "no path inside"),
        ("build: ..", "leads out"),
        ("build: {context: /}", "no path inside"),
        ("build: https://example.org/x.git", "no path inside"),
        ("build: git@example.org:x.git", "no path inside"),
        ("build: {context: ., dockerfile: /Dockerfile}", "no path inside"),
        ("build: {context: ., network: host}", "network"),
        ("build: {context: ., additional_contexts: {x: /}}", "no path inside"),
        ("build: {context: ., args: [BUILDKIT_SYNTAX=evil]}", "build itself"),
        ("build: {context: ., args: {BUILDKIT_SYNTAX: evil}}", "build itself"),
        ("volumes: [/etc:/etc]", "no path inside"),
        ("volumes: [../:/up]", "leads out"),
        ("volumes: ['./a/../../b:/b']", "leads out"),
        ("volumes: ['~/.ssh:/ssh']", "no path inside"),
        ("volumes: [{type: bind, source: /var/run/docker.sock, target: /s}]", "no path inside"),
        ("volumes: [{type: npipe, source: x, target: /s}]", "npipe"),
        ("volumes: [{type: bind, source: ., target: /s, bind: {propagation: shared}}]", "propagation"),
        ("networks: {default: {ipv4_address: 10.0.0.2}}", "ipv4_address"),
        ("enviroment: {A: b}", "`environment`"),
        ("env: {A: b}", "`environment`"),
        ("FROM: redis:8", "`image`"),
        ("test: redis-cli ping", "a setting of `healthcheck`"),
        ("dockerfile: Dockerfile.web", "a setting of `build`"),
        ("healthcheck: {test: x, restart: always}", "Indent it less"),
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
    "setting",
    [
        "security_opt: [no-new-privileges:true]",
        "security_opt: ['no-new-privileges']",
        "cap_drop: [ALL]",
        "cap_add: [SETUID, CAP_CHOWN]",
        "ulimits: {nofile: {soft: 1024, hard: 2048}}",
        "sysctls: {net.core.somaxconn: 1024}",
        "sysctls: [net.core.somaxconn=1024]",
        "secrets: [token]",
        "configs: [{source: a, target: /a, mode: 0440}]",
        "extends: {file: common.yml, service: a}",
        "extends: web",
        "env_file: [web.env, {path: a/b.env, required: false}]",
        "build: {context: ., dockerfile_inline: 'FROM x'}",
        "build: {context: a, dockerfile: ../Dockerfile.web}",
        "build: {context: ., additional_contexts: {lib: ./lib}, args: [A=b], target: run, secrets: [token]}",
        "volumes: ['${DATA:-./data}:/data', '$PWD/a:/a', data:/b]",
        "volumes: [{type: bind, source: ./a, target: /a, read_only: true, bind: {create_host_path: true}}]",
        "user: '1000:1000'",
        "read_only: true",
        "tmpfs: [/tmp]",
        "init: true",
        "profiles: [debug]",
        "stop_grace_period: 5s",
        "group_add: [audio]",
        "shm_size: 64m",
        "privileged: false",
        "devices: []",
        "post_start: [{command: x, user: root}]",
        "healthcheck: {test: x, start_interval: 1s, disable: false}",
        "deploy: {replicas: 2, resources: {limits: {cpus: '1', memory: 1g}}, restart_policy: {condition: any}}",
        "entrypoint: [sh, -c, x]",
        "x-mine: {anything: [at, all]}",
    ],
)
def test_what_is_kept(tmp_path, setting):
    assert (
        read(
            tmp_path,
            f"services:\n  web:\n    init: true\n    {setting}\n".replace("    init: true\n    init", "    init"),
        ).left_out
        == []
    )


@pytest.mark.parametrize(
    "setting, name",
    [
        ("develop: {watch: [{action: sync, path: ., target: /app}]}", "develop"),
        ("platform: linux/amd64", "platform"),
        ("extra_hosts: [host.docker.internal:host-gateway]", "extra_hosts"),
        ("dns: 8.8.8.8", "dns"),
        ("logging: {driver: json-file, options: {max-size: 1m}}", "logging"),
        ("labels: {a: b}", "labels"),
        ("pull_policy: always", "pull_policy"),
        ("cpu_shares: 512", "cpu_shares"),
        ("mem_reservation: 100m", "mem_reservation"),
        ("build: {context: ., pull: true}", "pull"),
        ("build: {context: ., cache_from: [a]}", "cache_from"),
        ("deploy: {update_config: {parallelism: 1}}", "update_config"),
        ("networks: {default: {priority: 5}}", "priority"),
    ],
)
def test_what_matters_elsewhere_is_left_out_with_a_word(tmp_path, setting, name):
    assert read(tmp_path, f"services:\n  web:\n    {setting}\n").left_out == [f"`{name}` (line 3)"]


def test_what_is_read_with_the_file_is_judged_like_it(tmp_path):
    text = "include: [{path: more/cache.yml}]\nservices:\n  web: {extends: {file: base.yml, service: web}}\n"
    (tmp_path / "more").mkdir()
    (tmp_path / "base.yml").write_text("services:\n  web:\n    image: x\n    develop: {watch: []}\n")
    (tmp_path / "more" / "cache.yml").write_text("services:\n  redis:\n    image: y\n    ports: [6379]\n")
    (tmp_path / "docker-compose.override.yml").write_text("services:\n  web:\n    ports: !override [5000]\n")
    written = read(tmp_path, text)
    assert set(written.services()) == {"web", "redis"}
    assert written.where("services", "redis", "ports") == "more/cache.yml, line 4"
    assert written.where("services", "web", "image") == "base.yml, line 3"
    assert [path.name for path in compose_file.layers(tmp_path, written)] == [
        "docker-compose.yml",
        "docker-compose.override.yml",
    ]
    assert written.left_out == ["`develop` (line 4) of base.yml"]
    for name, place in (
        ("base.yml", "line 4"),
        ("more/cache.yml", "line 4"),
        ("docker-compose.override.yml", "line 4"),
    ):
        before = (tmp_path / name).read_text()
        (tmp_path / name).write_text("services:\n  web:\n    image: x\n    privileged: true\n")
        assert f"{name}, {place}: " in refusal(tmp_path, text)
        (tmp_path / name).write_text(before)


def test_a_file_that_another_lays_over_the_first_is_judged_from_the_folder_of_the_first(tmp_path):
    """Compose looks for what `include` and `extends` name there in the folder of the first file of its list."""
    text = "include: [{path: [one/a.yml, two/b.yml]}]\nservices: {redis: {image: x}}\n"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one/a.yml").write_text("services: {web: {image: x}}\n")
    (tmp_path / "two/b.yml").write_text("services: {web: {extends: {file: c.yml, service: web}}}\n")
    (tmp_path / "one/c.yml").write_text("services:\n  web:\n    post_start: [{command: x, privileged: true}]\n")
    assert "one/c.yml, line 3: " in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "include: [{path: [{a: b}]}]\nservices: {web: {image: x}}\n",
        "services: {web: {image: x, extends: {file: [a.yml], service: x}}}\n",
        f"services: {{web: {{image: x, extends: {{file: {'a' * 5000}, service: x}}}}}}\n",
        "services: {web: {image: x, environment: [{}]}}\n",
    ],
)
def test_what_no_file_can_be_named_like_is_left_to_compose(tmp_path, text):
    shapes.first(read(tmp_path, text))


@pytest.mark.parametrize(
    "setting, mistake, words",
    [
        ("environment: REDIS_URL=redis://redis", "variables_in_one_line", "`REDIS_URL: redis://redis`"),
        ("environment: [A: b]", "dash_and_colon", "`- A=b`"),
        ("environment: {A: [b]}", "variable_without_a_text", "`A`"),
        ("environment:", "nothing_below", "`environment:` has nothing"),
        ("depends_on: redis", "name_beside_its_setting", "`- redis`"),
        ("depends_on: [redis: {condition: service_healthy}]", "condition_in_a_list", "no dash"),
        ("depends_on: {condition: service_healthy}", "condition_without_a_service", "name of a service"),
        ("depends_on: {redis: service_healthy}", "condition_missing", "`condition: service_healthy`"),
        ("depends_on: {redis: }", "condition_missing", "nothing below"),
        ("depends_on: {redis: 'condition:service_healthy'}", "condition_missing", "without a space behind the colon"),
        ("ports: '5000:5000'", "list_without_dashes", "`ports` is a list"),
        ("ports: [5000: 5000]", "space_after_the_colon", '"5000:5000"'),
        ("volumes: {data: /data}", "list_without_dashes", "- data:/data"),
        ("volumes: [data: /data]", "space_after_the_colon", '"data:/data"'),
        ("healthcheck: redis-cli ping", "setting_beside_its_name", "test: …"),
        ("healthcheck: [test: x]", "dashes_for_settings", "Take the dashes off"),
        ("healthcheck: {test: {a: b}}", "health_test_as_a_mapping", "`test` is a command"),
        ("healthcheck: {test: x, interval: 5}", "duration_without_its_unit", "`5s`"),
        ("healthcheck: {test: x, timeout: 5 sec}", "duration_without_its_unit", "`5 sec`"),
        ("healthcheck: {test: x, retries: five}", "number_of_retries", "`five`"),
        ("stop_grace_period: 10", "duration_without_its_unit", "`10s`"),
        ("restart: [always]", "list_for_a_text", "one text"),
        ("restart: true", "text_without_quotes", 'restart: "true"'),
        ("command: [redis-server, --save, 60]", "text_without_quotes", '"60"'),
        ("command: {redis-server: x}", "mapping_for_a_command", "quotes"),
        ("user: 1000", "text_without_quotes", 'user: "1000"'),
        ("build: [.]", "list_for_a_text", "`build: .`"),
        ("networks: inside", "name_beside_its_setting", "`- inside`"),
    ],
)
def test_each_wrong_shape_has_a_sentence_of_its_own_at_its_line(tmp_path, setting, mistake, words):
    written = AsWritten("f.yml", yaml.compose(f"services:\n  web:\n    {setting}\n  redis: {{image: x}}\n"))
    fault = shapes.first(written)
    assert fault and fault.mistake == mistake, fault
    assert "f.yml, line 3: " in fault.hint
    assert words in fault.hint
    assert ("unit" in fault.hint) == (mistake == "duration_without_its_unit")


@pytest.mark.parametrize(
    "text, mistake",
    [
        ("services:\n  web:\n  build: .\n  ports:\n    - 5000\n  redis:\n    image: x\n", "keys_beside_the_service"),
        ("services:\n  web:\n  redis:\n    image: x\n", "nothing_below"),
        ("services:\n  - web:\n      image: x\n", "services_as_a_list"),
        ("services:\n  web: nginx\n", "service_as_a_text"),
        ("services:\n  web:\n    - image: x\n", "dashes_in_a_service"),
    ],
)
def test_where_services_go_wrong(tmp_path, text, mistake):
    try:
        fault = shapes.first(read(tmp_path, text))
    except NotUp as refused:
        fault = refused
    assert fault and fault.mistake == mistake, fault


@pytest.mark.parametrize("folder", RIGHT, ids=lambda folder: folder.name)
def test_right_files_have_the_right_shape(folder):
    assert shapes.first(compose_file.read(folder, "08_compose")) is None


@pytest.mark.parametrize(
    "text, words",
    [
        ("include: [/etc/other.yml]\nservices: {web: {image: x}}\n", ["line 1", "no path inside"]),
        ("include: [{path: [../other.yml]}]\nservices: {web: {image: x}}\n", ["line 1", "leads out"]),
        ("services: {web: {image: x}}\nnetworks: {a: {external: true}}\n", ["line 2", "external"]),
        ("services: {web: {image: x}}\nnetworks: {a: {driver: host}}\n", ["line 2", "bridge"]),
        ("services: {web: {image: x}}\nnetworks: {a: {ipam: {config: []}}}\n", ["line 2", "ipam"]),
        (
            "services: {web: {image: x}}\nvolumes: {a: {driver_opts: {device: /, o: bind}}}\n",
            ["line 2", "driver_opts"],
        ),
        ("services: {web: {image: x}}\nsecrets: {a: {file: /etc/shadow}}\n", ["line 2", "no path inside"]),
        ("services: {web: {image: x}}\nsecrets: {a: {external: true}}\n", ["line 2", "external"]),
        ("services: {web: {image: x}}\nconfigs: {a: {file: /etc/shadow}}\n", ["line 2", "no path inside"]),
        ("include: [{path: a.yml, project_directory: b}]\nservices: {}\n", ["line 1", "project_directory"]),
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
        (
            "x-0: &x0 {}\n"
            + "".join(f"x-{i}: &x{i} {{<<: [{', '.join([f'*x{i - 1}'] * 9)}]}}\n" for i in range(1, 12)),
            ["aliases counted"],
        ),
        (
            f"x-a: &x {'y' * 90_000}\nservices: {{web: {{environment: [{', '.join(['*x'] * 900)}]}}}}\n",
            ["aliases counted"],
        ),
        ("services: {<<: {? [a] : b}, web: {image: x}}\n", ["line 1", "no name"]),
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
        assert (made["start_period"], made["start_interval"]) == ("80.000s", "0.25s")
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


OFFICIAL = {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["redis-server"]}


def plan(**changes):
    made = {"web": "built", "redis": "redis:8", "own": "redis:8"}
    return Plan("ab12", "token", "p", Path("/f"), made, {"redis": OFFICIAL, "own": OFFICIAL}, **changes)


@pytest.mark.parametrize(
    "service, image, given",
    [
        ({}, OFFICIAL, True),
        ({"build": {}}, OFFICIAL, True),
        ({"user": "0:0"}, OFFICIAL, True),
        ({"user": "redis"}, OFFICIAL, False),
        ({}, OFFICIAL | {"User": "1001"}, False),
        ({}, {"Entrypoint": ["/app/start.sh"]}, False),
        ({}, {}, False),
        ({"cap_drop": ["ALL"]}, OFFICIAL, False),
        ({"cap_drop": ["ALL"], "cap_add": ["CAP_SETUID"]}, OFFICIAL, ["SETUID"]),
        ({"cap_drop": ["NET_RAW"]}, OFFICIAL, True),
        ({"cap_add": ["NET_ADMIN", "SETUID"]}, {}, False),
    ],
)
def test_the_rights_that_a_start_script_begins_with(service, image, given):
    assert rights(service, image) == (list(START_RIGHTS) if given is True else given or [])


def test_an_images_own_health_test_is_asked_as_often(monkeypatch):
    found = {"Test": ["CMD-SHELL", "test $A"], "Interval": 30_000_000_000, "Retries": 2}
    assert health_of({}, {"Healthcheck": found}) == {
        "test": ["CMD-SHELL", "test $$A"],
        "interval": "30000000000ns",
        "retries": 2,
    }
    assert health_of({"healthcheck": {"disable": True}}, {"Healthcheck": found}) == {"disable": True}
    assert health_of({"healthcheck": {"test": ["CMD", "x"]}}, {"Healthcheck": found}) == {"test": ["CMD", "x"]}
    assert health_of({}, {}) is None


def test_what_else_is_confined(tmp_path):
    (tmp_path / "password.txt").write_text("x")
    config = {
        "services": {
            "web": {
                "image": "x",
                "environment": {"A": "b", "HOME": None},
                "ulimits": {"nofile": 9, "rtprio": 99, "fsize": 2**60},
                "extra_hosts": ["redis=10.0.0.1", "other=10.0.0.2"],
                "secrets": [{"source": "password"}],
                "sysctls": {"net.core.somaxconn": "1024"},
            },
            "redis": {"image": "x"},
        },
        "secrets": {"password": {"name": "p_password", "file": str(tmp_path / "password.txt")}},
        "configs": {"a": {"content": "text"}},
    }
    made = rewritten(config, Plan("a", "t", "p", tmp_path, {"web": "x", "redis": "x"}))
    web = made["services"]["web"]
    assert web["environment"] == {"A": "b"}
    assert web["ulimits"] == {"nofile": 9, **ULIMITS}
    assert web["extra_hosts"] == {"redis": "10.0.0.1"}
    assert (web["secrets"], web["sysctls"]) == ([{"source": "password"}], {"net.core.somaxconn": "1024"})
    assert made["secrets"] == {"password": {"file": str(tmp_path / "password.txt")}}
    assert made["configs"] == {"a": {"content": "text"}}
    for thing in ({"file": "/etc/shadow"}, {"environment": "HOME"}):
        with pytest.raises(NotUp):
            rewritten(
                config | {"secrets": {"password": thing}}, Plan("a", "t", "p", tmp_path, {"web": "x", "redis": "x"})
            )


def test_what_the_engine_mounts_is_out_of_a_containers_reach(tmp_path):
    """A container that writes to the folder could make a link of a secret, and have the engine mount what it leads to."""
    folder, aside = tmp_path / "folder", tmp_path / "aside"
    (folder / "more").mkdir(parents=True)
    aside.mkdir()
    for name in ("password.txt", "more/a", ".env"):
        (folder / name).write_text(name)
    made = {
        "secrets": {"password": {"file": str(folder / "password.txt")}, "own": {"environment": "A"}},
        "configs": {"password": {"file": str(folder / "more")}, "b": {"content": "text"}},
    }
    set_aside(made, folder, aside)
    for name in ("password.txt", ".env"):
        (folder / name).unlink()
        (folder / name).symlink_to("/etc/shadow")
    assert Path(made["secrets"]["password"]["file"]).read_text() == "password.txt"
    assert (Path(made["configs"]["password"]["file"]) / "a").read_text() == "more/a"
    assert (aside / ".env").read_text() == ".env"
    assert (made["secrets"]["own"], made["configs"]["b"]) == ({"environment": "A"}, {"content": "text"})


def test_of_a_services_place_in_a_network_its_names_are_kept():
    networks = {"a": {"aliases": ["x"], "driver_opts": {"com.docker.network.endpoint.ifname": "y"}}, "b": None}
    config = {"services": {"web": {"image": "x", "networks": networks}}}
    made = rewritten(config, Plan("a", "t", "p", Path("/f"), {"web": "x"}))
    assert made["services"]["web"]["networks"] == {"a": {"aliases": ["x"]}, "b": None}


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
    made = rewritten(CONFIG, plan(held="redis", is_copy=True, apart=True, commands={"redis": ["a", "b"]}))
    assert made["services"]["redis"]["entrypoint"] == ["sh", "-c", GATE, "gate"]
    assert made["services"]["redis"]["command"] == ["a", "b"]
    assert "container_name" not in made["services"]["web"]
    assert made["volumes"]["d"]["name"] == "p_d"


def test_a_copy_has_networks_and_volumes_of_its_own():
    """In one network the first web may find the second redis: its data would be gone for a reason that is none of the student's."""
    config = {**CONFIG, "networks": {"default": {"name": "fixed"}}}
    first, copy = rewritten(config, plan()), rewritten(config, plan(is_copy=True))
    assert [made["networks"]["default"]["name"] for made in (first, copy)] == ["workshop-ab12-fixed", "p_default"]
    assert [made["volumes"]["d"]["name"] for made in (first, copy)] == ["workshop-ab12-fixed", "p_d"]
    assert "container_name" in copy["services"]["web"]


def test_volumes_that_are_small(tmp_path):
    mounts = [
        {"type": "bind", "source": f"{tmp_path}/data", "target": "/data"},
        {"type": "bind", "source": f"{tmp_path}/conf", "target": "/conf"},
        {"type": "volume", "target": "/other"},
    ]
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/redis.conf").touch()
    images = {"redis": {"Volumes": {"/data": {}, "/more": {}}}, "web": {"Volumes": {"/data": {}}}}
    config = {"services": {"redis": {"volumes": mounts}, "web": {}}, "volumes": {"d": {"name": "fixed"}}}
    names = {"redis": "x", "web": "x"}
    made = rewritten(config, Plan("a", "t", "p", tmp_path, names, images, is_copy=True, apart=True, small="4m"))
    assert {volume["driver_opts"]["o"] for volume in made["volumes"].values()} == {"size=4m,mode=1777"}
    assert made["volumes"]["d"]["name"] == "p_d"
    kinds = {mount["target"]: mount["type"] for mount in made["services"]["redis"]["volumes"]}
    assert kinds == {"/data": "volume", "/conf": "bind", "/other": "volume", "/more": "volume"}
    assert all(mount.get("source") for mount in made["services"]["redis"]["volumes"])
    assert [mount["target"] for mount in made["services"]["web"]["volumes"]] == ["/data"]


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
        ('service "web" depends on undefined service "db": invalid compose project', ["line 4", "`db`", "`web`"]),
        ('service "web" refers to undefined volume data: invalid compose project', ["line 2", "volumes:", "declare"]),
        (
            'service "web" has neither an image nor a build context specified: invalid compose project',
            ["line 2", "neither"],
        ),
        ("validating /x/docker-compose.yml: services.web.depends_on must be a list", ["line 4", "must be a list"]),
        ("env file /x/a.env not found: stat /x/a.env: no such file or directory", ["no file a.env"]),
        ("Invalid hostPort: 127.0.0.1", ["line 6", "is no port", '"127.0.0.1:8000:5000"']),
        ("invalid hostPort: x", ["line 7", "cannot be read: x"]),
        ("something new", ["does not take the file", "something new"]),
    ],
)
def test_what_compose_says_of_a_file(tmp_path, said, words):
    written = read(
        tmp_path,
        "services:\n  web:\n    image: x\n    depends_on: [db]\n    ports:\n    - 127.0.0.1:5000\n    - x:1\n",
    )
    stack = SimpleNamespace(as_written=written, folder=Path("/x"), project="workshop-1-stack-2")
    error = looking.of_config(stack, Done(("compose",), 1, "", said, 0.1))
    found = Search(Sight(error.facts)).first(GENERAL)
    assert found and all(word in found.hint for word in words), found


@pytest.mark.parametrize(
    "services, words",
    [
        ({f"s{n}": {} for n in range(21)}, "21 containers"),
        ({"web": {"scale": 10}, "redis": {"deploy": {"replicas": 10}}, "one": {}}, "21 containers"),
        ({"web": {"ports": [{"target": n} for n in range(65535)]}}, "65535 ports"),
        ({"web": {"scale": 10, "ports": [{"target": n} for n in range(6)]}}, "60 ports"),
    ],
)
def test_a_stack_that_is_too_large(tmp_path, services, words):
    stack = SimpleNamespace(as_written=read(tmp_path, "services: {web: {image: x}}\n"), config={"services": services})
    with pytest.raises(NotUp, match=words):
        looking.look_over(stack, ())


def test_what_compose_says_is_read_if_it_is_whole(tmp_path):
    stack = SimpleNamespace(as_written=read(tmp_path, "services: {web: {image: x}}\n"))
    looking.of_size(stack, Done(("compose",), 0, "{}", "", 0.1))
    died = "fatal error: out of memory allocating heap arena metadata\n\nruntime stack:\n"
    for out, err in (("x" * engine.KEPT, ""), ("", died)):
        with pytest.raises(NotUp, match="kB with its variables"):
            looking.of_size(stack, Done(("compose",), 0, out, err, 0.1))


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
    stack = SimpleNamespace(as_written=written, config={"services": {"web": {}}}, unset=(), absent={})
    error = looking.of_image(stack, "web", "x:y", raised.value.actual)
    assert error.facts["compose_file"].lacks(Lack.IMAGE) == {"place": "docker-compose.yml, line 3", "image": "x:y"}
    assert error.actual == said


def test_an_empty_folder_is_handed_in_too(tmp_path):
    (tmp_path / "work" / "data" / "inner").mkdir(parents=True)
    (tmp_path / "work" / "docker-compose.yml").write_text("services: {}")
    (tmp_path / "copy").mkdir()
    handin.copy_in(tmp_path / "work", tmp_path / "copy", "08_compose")
    assert (tmp_path / "copy" / "data" / "inner").is_dir()


@pytest.mark.parametrize("asked", [{"scale": 10000}, {"deploy": {"replicas": 10000}}])
def test_a_number_of_containers_that_a_variable_held_is_capped(asked):
    config = {"name": "p", "services": {"web": {"image": "x", **asked}}}
    made = rewritten(config, Plan("a", "t", "p", Path("/f"), {"web": "x"}))
    assert made["services"]["web"]["deploy"]["replicas"] == 10
