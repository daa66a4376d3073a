"""What a hint is looked up in: a Dockerfile, a program, a log of two streams, the messages of a build."""

import pytest

from workshop.causes.general import GENERAL
from workshop.engine import bases
from workshop.engine.buildlog import BuildFailed, is_offline
from workshop.mistakes.finding import Search, Sight
from workshop.probes.dockerfile import Dockerfile
from workshop.probes.inside import known
from workshop.probes.program import Kind, why_no_server
from workshop.runtimes.docker import in_order
from workshop.runtimes.evidence import Evidence

TWO_STAGES = """# syntax=docker/dockerfile:1
FROM python:3.13 AS Build
RUN pip install \\
    # a comment in between
    flask
COPY --chmod=755 start.sh /

FROM build
CMD ["python", \\
     "app.py"]
CMD python other.py
"""


def test_a_dockerfile_is_read_with_its_stages():
    read = Dockerfile(TWO_STAGES)
    assert [(stage.number, stage.name, stage.base) for stage in read.stages] == [
        (0, "build", "python:3.13"),
        (1, "", "build"),
    ]
    assert [(one.word, one.line, one.stage) for one in read.instructions][-2:] == [("CMD", 9, 1), ("CMD", 11, 1)]
    assert read.all("RUN")[0].text == "pip install flask"
    assert read.all("COPY")[0].flag("chmod") == "755" and read.all("COPY")[0].words == ["start.sh", "/"]
    assert read.all("CMD")[0].words == ["python", "app.py"]
    assert read.shipped("RUN")  # the last stage begins with the first


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("app.run()", None),
        ('if __name__ == "__main__":\n    app.run()', None),
        ("def main():\n    app.run()\nmain()", None),
        ('def main():\n    app.run()\nif __name__ == "__main__":\n    main()', None),
        ("serve(app)", None),
        ("server = Server(app)\nserver.start()", None),
        ("import subprocess\nsubprocess.run(['ls'])", Kind.NOWHERE),
        ("def main():\n    app.run()", Kind.IN_A_FUNCTION),
        ('@app.get("/")\ndef f():\n    return ""\n    app.run()', Kind.BEHIND_THE_END),
        ('@app.get("/")\ndef f():\n    app.run()', Kind.IN_A_VIEW),
        ('if __name__ == "main":\n    app.run()', Kind.GUARDED),
        ('if "__name__" == "__main__":\n    app.run()', Kind.GUARDED),
        ('if __name__ != "__main__":\n    app.run()', Kind.GUARDED),
        ("app.run", Kind.NOT_CALLED),
        ("Thread(target=app.run, daemon=True).start()", Kind.IN_THE_BACKGROUND),
        ("def broken(:", None),
    ],
)
def test_why_a_program_starts_no_server(source, kind):
    missed = why_no_server(source)
    assert (missed.kind if missed else None) is kind


def test_two_streams_of_a_log_come_in_their_order():
    out = "2026-11-29T11:00:01.000000001Z first\n2026-11-29T11:00:03.000000001Z third, with a\rreturn\n"
    err = "2026-11-29T11:00:02.000000001Z second\n2026-11-29T11:00:02.000000001Z \n"
    assert in_order(out, err) == "first\nsecond\n\nthird, with a\rreturn\n"


QUOTED = """#7 [3/3] RUN echo "ERROR: No matching distribution found for nothing" > /note && false
#7 0.2 something else
#7 ERROR: process "/bin/sh -c echo \\"Max retries exceeded\\"" did not complete successfully: exit code: 1
------
 > [3/3] RUN echo "ERROR: No matching distribution found for nothing" > /note && false:
0.2 something else
------
Dockerfile:3
--------------------
   3 | >>> RUN echo "ERROR: No matching distribution found for nothing" > /note && false
--------------------
ERROR: failed to solve: process "/bin/sh -c echo \\"Max retries exceeded\\"" did not complete successfully: exit code: 1
"""


def test_a_quoted_line_of_a_dockerfile_names_no_cause():
    found = Search(Sight({"build": BuildFailed(QUOTED)})).first(GENERAL)
    assert found and found.name == "build_failed"
    assert not is_offline(QUOTED)


def test_a_folder_that_a_stage_lacks():
    step = "COPY --from=build /app/tool.so ."
    error = "failed to walk /var/lib/docker/tmp/buildkit-mount1/app: lstat /var/lib/docker/tmp/buildkit-mount1/app: no such file or directory"
    log = f"#9 [stage-1 3/3] {step}\n#9 ERROR: failed to compute cache key: {error}\n------\n > [stage-1 3/3] {step}:\n------\nERROR: {error}\n"
    inside = known(dockerfile=f"FROM python:3.13 AS build\nFROM python:3.13-slim\n{step}\n")
    inside._stages[0] = known(files=["/build/tool.so"])
    found = Search(Sight({"build": BuildFailed(log), "inside": inside})).first(GENERAL)
    assert found and found.name == "copied_from_another_folder"
    assert "has no /app/tool.so. It has /build/tool.so" in found.hint


@pytest.mark.parametrize(
    ("image", "meant"),
    [
        ("pyhton:3.13-slim", "python:3.13-slim"),
        ("Python", "python"),
        ("python:3.12-slim", ""),
        ("python:3.14-rc-slim-trixie", ""),
        ("postgres:16", ""),
        ("myapp:1.0", ""),
        ("ghcr.io/me/pyhton", ""),
    ],
)
def test_an_image_that_is_a_slip_for_another(monkeypatch, image, meant):
    monkeypatch.setattr(bases, "here", lambda: ("python:3.13-slim", "redis:8"))
    assert bases.likely(image) == meant


def test_a_tag_that_no_version_has(monkeypatch):
    monkeypatch.setattr(bases, "here", lambda: ("python:3.13", "python:3.13-slim", "redis:8"))
    assert bases.likely("python:3.13-slm") == "python:3.13-slim"


def test_a_container_that_waits_is_not_said_to_have_ended():
    running = Evidence(True, 0, "sh: 1: nc: not found\n" * 4, listening=[], command=("sh", "wait.sh"))
    found = Search(Sight({"start": running, "log": running.log, "inside": known(["app.py"])})).first(GENERAL)
    assert found and found.name == "waits_with_a_missing_tool"


NOT_FOUND = 'failed to calculate checksum of ref x: "/{}": not found'


@pytest.mark.parametrize(
    ("step", "missing"), [("COPY Requirements.txt .", "Requirements.txt"), ("COPY App.py .", "App.py")]
)
def test_of_steps_that_failed_at_once_the_one_of_the_error_is_told(step, missing):
    log = (
        "#7 [3/5] COPY Requirements.txt .\n#9 [5/5] COPY App.py .\n"
        f"#7 ERROR: {NOT_FOUND.format('Requirements.txt')}\n#9 ERROR: {NOT_FOUND.format('App.py')}\n"
        "------\n > [3/5] COPY Requirements.txt .:\n------\n------\n > [5/5] COPY App.py .:\n------\n"
        f"ERROR: failed to solve: failed to compute cache key: {NOT_FOUND.format(missing)}\n"
    )
    build = BuildFailed(log)
    assert build.step == step
    assert [name for name in ("Requirements.txt", "App.py") if name in build.said] == [missing]


def test_an_error_in_the_line_of_apts_progress_is_a_line_of_its_own():
    log = "#7 [3/4] RUN x\n#7 0.2 Building dependency tree...E: Unable to locate package y\n#7 ERROR: process z\n"
    assert "\nE: Unable to locate package y\n" in BuildFailed(log).said
