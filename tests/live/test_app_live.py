"""The checkout's own stack with its profile `cluster`: the service's tests on a real cluster, which comes back after `down` and `up`."""

from benchmarks import stack
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.runtimes import http


def test_the_service_runs_on_a_cluster_and_its_tests_pass_there(has_engine):
    with Run() as run, stack.up(run, "web-cluster", targets=("service", "tests")) as up:
        port = up.port("web-cluster")
        for key in "abcdef":
            assert http.ask("POST", engine.host(), port, "/set", json={"key": key, "value": "x"}).status == 201
        down = up.compose("down", "--timeout", "2")
        assert down.ok, down.err
        again = up.compose("up", "--detach", "--wait", "--no-build", "web-cluster")
        assert again.ok, again.err
        port = up.port("web-cluster")
        assert {http.ask("GET", engine.host(), port, f"/get?key={key}").status for key in "abcdef"} == {200}
        cluster = ("--env", "TEST_REDIS_CLUSTER_URL=redis://nodes:6379")
        done = up.compose("run", "--rm", "--no-TTY", "--no-deps", *cluster, "tests")
        assert done.ok, done.out[-3000:]
        assert " passed" in done.out
