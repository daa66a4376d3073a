"""Gradescope's machine for tests: what it does with an autograder's zip and with a hand-in, as its documentation says it."""

import json
import zipfile

from workshop.engine import engine, images, packages

FORMATS = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
VISIBLE = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
TEXT, NUMBER, THINGS = {"type": "string"}, {"type": "number"}, {"type": "object"}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{"score": NUMBER, "max_score": NUMBER, "status": {"enum": ["passed", "failed"]}, "name": TEXT},
        **{"name_format": FORMATS, "number": TEXT, "output": TEXT, "output_format": FORMATS},
        **{"tags": {"type": "array", "items": TEXT}, "visibility": VISIBLE, "extra_data": THINGS},
    },
}
RESULTS = {  # https://gradescope-autograders.readthedocs.io/en/latest/specs/
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {
        **{"score": NUMBER, "execution_time": NUMBER, "output": TEXT, "output_format": FORMATS},
        **{"test_output_format": FORMATS, "test_name_format": FORMATS, "visibility": VISIBLE},
        **{"stdout_visibility": VISIBLE, "extra_data": THINGS, "tests": {"type": "array", "items": TEST}},
        "leaderboard": {"type": "array", "items": {"type": "object", "required": ["name", "value"]}},
    },
}
DOCKERFILE = f"""
FROM {images.BASE}
COPY source /autograder/source
RUN cp /autograder/source/run_autograder /autograder/ && mkdir /autograder/results /autograder/submission
RUN {packages.CONF_MOUNT} {packages.CA_MOUNT} bash /autograder/source/setup.sh
WORKDIR /autograder
"""
METADATA = json.dumps({"id": 1, "users": [{"email": "ada@example.org"}], "previous_submissions": []})
RUN = """
cp -r /handed-in/. submission
cat >submission_metadata.json
./run_autograder >results/stdout 2>&1
status=$?
cat results/results.json
cat results/stdout grader.log >&2
exit $status
"""


def image_of(archive, folder, tag):
    """Builds the image in which hand-ins are graded, as the service does once for each upload."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "source")
        for one in opened.infolist():  # extractall forgets what can be run
            (folder / "source" / one.filename).chmod(one.external_attr >> 16 & 0o777)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    conf, certificate = packages.settings_of_this_machine()
    (folder / "pip.conf").write_text(conf)
    secrets = ["--secret", f"id=workshop-pip,src={folder / 'pip.conf'}"]
    secrets += ["--secret", f"id=workshop-ca,src={certificate or folder / 'pip.conf'}"]
    return engine.docker("build", "--tag", tag, *secrets, str(folder), timeout=540)


def graded(tag, folder):
    """What the service reads after a hand-in was graded: results.json, and all that was printed."""
    mount = f"type=bind,source={folder},target=/handed-in,readonly"
    words = ("run", "--rm", "--interactive", "--pull", "never", "--mount", mount, tag, "bash", "-c", RUN)
    done = engine.docker(*words, data=METADATA.encode(), timeout=540)
    assert done.code == 0, done.err
    return json.loads(done.out), done.err
