"""What the service counts of itself."""

import os
import subprocess
import sys

from prometheus_client.parser import text_string_to_metric_families


def samples(text):
    """All numbers, by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route(client):
    before = samples(client.get("/metrics").text)
    for name in ("ada", "bob", "eve"):
        client.get(f"/hello/{name}")
    client.get("/no/such/place")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    after = samples(answer.text)
    rows = [("http_requests_total", "/hello/<name>", "200", "GET"), ("http_requests_total", "404", "GET", "none")]
    assert [after[row] - before.get(row, 0) for row in rows] == [3, 1]
    row = ("http_request_seconds_count", "/hello/<name>")
    assert after[row] - before.get(row, 0) == 3
    assert not any("ada" in row for row in after)


def test_an_outage_is_counted(client, gate):
    before = samples(client.get("/metrics").text)
    with gate.shut():
        for _ in range(5):
            assert client.get("/").status_code == 503
    after = samples(client.get("/metrics").text)
    assert after[("redis_outages_total",)] - before[("redis_outages_total",)] == 1


def test_one_process_answers_for_all(tmp_path):
    """What another process counted is in the answer, if both have the folder."""
    counts = "from app import create_app; client = create_app().test_client(); client.get('/hello/ada'); "
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", counts], env=env, check=True)
    words = [sys.executable, "-c", counts + "print(client.get('/metrics').text)"]
    told = subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout
    assert samples(told)[("http_requests_total", "/hello/<name>", "200", "GET")] == 2
