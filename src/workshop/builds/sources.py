"""Where a build takes things from: its base image, another stage, the folder that is built.

The order: an image that is no image at all before one that is not there; a stage before the folder; what was found elsewhere
before what was found nowhere. What is in a stage is looked up: it is built once more, from the cache.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

from workshop.engine.bases import NotHad
from workshop.engine.buildlog import BuildFailed
from workshop.mistakes.mistake import mistake, said
from workshop.probes.dockerfile import Instruction
from workshop.probes.inside import Inside, known

MISSING = r"(?:failed to compute cache key|failed to calculate checksum)[^\n]*"


def at(step: str | None) -> str:
    """The place of a step in a sentence, or nothing."""
    return f" at `{step}`" if step else ""


def tells(build: BuildFailed, pattern: str) -> dict[str, Any] | None:
    """What fills a sentence if the failed step, or BuildKit, says so: the named groups, and the step as `{where}`."""
    seen = said(pattern, build.said)
    return seen and {"where": at(build.step), **seen}


def unread(line: str, **more: Any) -> dict[str, Any]:
    """An example: a Dockerfile that BuildKit does not take."""
    return {
        "build": BuildFailed(f"#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n{line}\n", **more)
    }


def solving(problem: str, **more: Any) -> dict[str, Any]:
    """An example: what BuildKit could not solve."""
    return unread(f"ERROR: failed to solve: {problem}", **more)


def missing(path: str, step: str = "", inside: Inside | None = None) -> dict[str, Any]:
    """An example: a COPY that finds no such path."""
    error = f'ERROR: failed to compute cache key: failed to calculate checksum of ref x: "/{path}": not found'
    summary = f"------\n > [2/4] {step}:\n------\n" if step else ""
    return {"build": BuildFailed(f"{summary}{error}\n"), "inside": inside}


NO_IMAGE = "pyton:3.13: failed to resolve source metadata for docker.io/library/pyton:3.13: pull access denied"
NO_TAG = "python:3.99: docker.io/library/python:3.99: not found"


# The base image


UNSET = """Dockerfile:2
--------------------
   2 | >>> FROM python:$VERSION
--------------------
ERROR: failed to solve: failed to parse stage name "python:": invalid reference format"""


@mistake(example=unread(UNSET))
def variable_of_from_without_a_value(build):
    """The build failed. `{written}` after FROM comes to `{image}`: {name} has no value there. Give it one above the first
    FROM: ARG {name}=… with what belongs in its place.
    """
    seen = re.search(r"(?i)>>> FROM (?:--\S+ )*(?P<written>\S*\$\{?(?P<name>\w+)\}?\S*)", build.excerpt)
    image = tells(build, r'failed to parse stage name "(?P<image>[^"]*)": invalid reference format')
    if not seen or not image or image["image"] != re.sub(r"\$\{?\w+\}?", "", seen["written"]):
        return None
    return {**seen.groupdict(), **image}


@mistake(example=solving('failed to parse stage name "python=3.13-slim": invalid reference format'))
def not_an_image_name(build):
    """The build failed. `{image}` is not the name of an image. After the name comes a colon, then the tag:
    python:3.13-slim.
    """
    return tells(build, r'failed to parse stage name "(?P<image>[^"]+)": invalid reference format')


@mistake(example=solving(NO_IMAGE, not_had=NotHad("builder", is_stage=True, stages=("build",))))
def no_such_stage(build):
    """The build failed{where}. No stage of the Dockerfile is called `{image}`, so Docker took that for the name of an image, and could not get
    one. {stages} A stage has its name from its FROM line: `FROM … AS {image}`.
    """
    wanted = build.not_had
    if not wanted or not wanted.is_stage:
        return None
    names = ", ".join(f"`{name}`" for name in wanted.stages)
    stages = f"The stages with a name: {names}." if names else "None of its stages has a name."
    return {"where": at(build.step), "image": wanted.image.removesuffix(":latest"), "stages": stages}


@mistake(example=solving(NO_IMAGE, not_had=NotHad("pyhton:3.13", meant="python:3.13")))
def image_misspelt(build):
    """The build failed. The image `{image}` could not be had. Is that a slip for `{meant}`? Check the name and the tag after FROM.{here}"""
    wanted = build.not_had
    if not wanted or not wanted.meant:
        return None
    here = f" On this machine are: {', '.join(wanted.here)}." if wanted.here else ""
    return {"image": wanted.image, "meant": wanted.meant, "here": here}


@mistake(example=solving(NO_IMAGE))
def image_not_found(build):
    """The build failed. There is no public image {image}. Check its name after FROM."""
    prefix = r"(?:metadata for |pull access denied for )(?:docker\.io/)?(?:library/)?"
    return tells(build, prefix + r"(?P<image>[^\s,]+?)(?:: pull access denied|, repository does not exist)")


@mistake(example=solving(NO_TAG))
def image_tag_not_found(build):
    """The build failed. There is no image {image} in its registry. Check the name and the tag."""
    return tells(
        build,
        r"^ERROR: failed to \w+: (?:[^\n]*[: ])?(?:docker\.io/)?(?:library/)?(?P<image>[\w./@-]+:[\w.-]+): not found",
    )


@mistake(example=solving("no match for platform in manifest: not found"))
def image_for_another_processor(build):
    """The build failed. The image that FROM names is not made for the kind of processor that was asked for. Without --platform, Docker takes
    that of this machine.
    """
    return tells(build, r"no match for platform in manifest|no matching manifest for \S+")


# Another stage


WALKED = r"failed to walk \S*?buildkit-mount\d+(?P<path>/[^\s:]*): lstat [^\n]*no such file or directory"


def not_there(build: BuildFailed) -> dict[str, Any] | None:
    """The path that a COPY did not find. Of one whose folder is missing as well BuildKit names that folder alone; the step has the rest."""
    if seen := tells(build, MISSING + r'"(?P<path>[^"]*)": not found'):
        return seen
    seen = tells(build, WALKED)
    sources = [f"/{word.lstrip('./')}" for word in (build.step or "").split()[1:-1] if not word.startswith("--")]
    return seen and {**seen, "path": next((one for one in sources if one.startswith(seen["path"])), seen["path"])}


def copied_from(build: BuildFailed, inside: Inside | None) -> dict[str, Any] | None:
    """The path that a COPY --from did not find, and the stage that it names: its number, and what is in it if it is a stage."""
    seen = not_there(build)
    source = re.search(r"^(?:COPY|ADD) .*--from=(\S+)", build.step or "")
    if not seen or not source:
        return None
    dockerfile = inside.dockerfile if inside else None
    stage = dockerfile.stage(source[1]) if dockerfile else None
    look = inside.stage(stage.number) if stage and inside else None
    return {**seen, "stage": source[1], "files": look.files if look else {}}


def from_stage(step: str, *files: str) -> dict[str, Any]:
    """An example: a COPY that finds its path not in the stage that it names, and what is in that stage."""
    path = step.split()[2].lstrip("/")
    inside = known(dockerfile="FROM python:3.13 AS build\nFROM python:3.13-slim\n" + step)
    inside._stages[0] = known(files=files)
    return missing(path, step, inside)


SITE = "/usr/local/lib/python3.13/site-packages"
OTHERS = SITE.replace("3.13", "3.9")


@mistake(example=from_stage(f"COPY --from=build {OTHERS} {OTHERS}", SITE))
def packages_of_another_python_copied(build, inside=None):
    """The build failed{where}. The stage `{stage}` has no {path}: its Python has another version. There it is {right}; write the same
    path behind it.
    """
    seen = copied_from(build, inside)
    if not seen or not (version := re.search(r"/python3\.\d+/", f"{seen['path']}/")):
        return None
    head, tail = seen["path"][: version.start()], seen["path"][version.end() :].rstrip("/")
    tail = re.sub(
        r"(?:site|dist)-packages", "(?:site|dist)-packages", re.escape(tail).replace(r"\-packages", "-packages")
    )
    pattern = re.compile(rf"{re.escape(head)}/python3\.\d+/{tail}")
    right = [path for path in seen["files"] if pattern.fullmatch(path.rstrip("/"))]
    return {**seen, "right": right[0]} if right else None


@mistake(example=from_stage("COPY --from=build /app/tool.so .", "/build/tool.so"))
def copied_from_another_folder(build, inside=None):
    """The build failed{where}. The stage `{stage}` has no {path}. It has {right}: a path behind --from begins at the top of that stage, whatever its
    WORKDIR.
    """
    seen = copied_from(build, inside)
    name = seen["path"].rstrip("/").rpartition("/")[2] if seen else ""
    right = [path for path in seen["files"] if path.endswith(f"/{name}")] if seen and name else []
    return {**seen, "right": min(right, key=len)} if seen and right else None


@mistake(example=from_stage("COPY --from=build /app/tool.so .", "/app/other"))
def not_in_that_stage(build, inside=None):
    """The build failed{where}. `{stage}` has no {path}. Which step of that stage makes it, and where?"""
    return copied_from(build, inside)


# The folder that is built


def not_copied(build: BuildFailed) -> dict[str, Any] | None:
    """The path that a COPY did not find in the folder that is built, without the slash before it."""
    seen = None if "--from=" in (build.step or "") else not_there(build)
    return seen and {**seen, "path": seen["path"].removeprefix("/")}


@mistake(
    example={
        "build": BuildFailed(
            '------\n > [4/4] COPY app.py .  # my app:\n------\nERROR: failed to solve: "/#": not found\n'
        )
    }
)
def comment_after_copy(build):
    """The build failed{where}. {word} takes everything after `#` for names of files. A comment needs a line of its
    own.
    """
    seen = re.search(r"^(?P<word>COPY|ADD) .* #", build.step or "")
    return seen and {"where": at(build.step), **seen.groupdict()}


@mistake(example=missing("C:Usersmeapp.py"))
def windows_path(build):
    """The build failed{where}. A path in COPY or ADD cannot be read. Write it with `/`, starting from the folder of
    the Dockerfile; a Windows path means nothing here. A list needs plain double quotes.
    """
    return tells(build, r'"/?[A-Za-z]:[^"]*": not found|syntax error in pattern')


@mistake(example=missing("venv"))
def environment_copied(build):
    """The build failed{where}. `{path}` is not handed in: a virtual environment is made for one machine and is not
    part of your work. Let the image install what requirements.txt names.
    """
    return tells(build, MISSING + r'"/?(?P<path>(?:\.?venv|env|node_modules)\b[^"]*)": not found')


@mistake(example=missing("Requirements.txt", "COPY Requirements.txt .", known(["requirements.txt"])))
def other_capitals(build, inside=None):
    """The build failed{where}. There is no file `{path}`, but one called `{near}`. Linux tells capitals from small letters; Windows and macOS do not."""
    seen = not_copied(build)
    near = [name for name in inside.names if name.lower() == seen["path"].lower()] if seen and inside else []
    return {**seen, "near": near[0]} if seen and near and seen["path"] not in near else None


@mistake(example=missing("app.py", "COPY app.py .", known(["app.py"], texts={".dockerignore": "*.py\n"})))
def held_back_by_dockerignore(build, inside=None):
    """The build failed{where}. `{path}` is in the folder, and {file} keeps it out of the build. Look for the pattern in it that fits."""
    seen = not_copied(build)
    if not seen or not inside:
        return None
    files = [name for name in ("Dockerfile.dockerignore", ".dockerignore") if inside.text(name)]
    is_there = any(f"{name}/".startswith(f"{seen['path'].rstrip('/')}/") for name in inside.names)
    return files and is_there and seen | {"file": files[0]}


@mistake(example=missing("app.py", "COPY ../app.py ."))
def from_the_folder_above(build):
    """The build failed{where}. COPY sees the folder that is built, and nothing above it: `../` leads nowhere. Put the file into that folder."""
    seen = not_copied(build)
    return seen and re.search(r"\s\.\./", build.step or "") and seen


@mistake(example=missing("app.py", "COPY app.py .", known(["src/app.py"])))
def in_another_folder(build, inside=None):
    """The build failed{where}. Beside the Dockerfile is no `{path}`; there is `{near}`. A path in COPY begins at the folder that is built."""
    seen = not_copied(build)
    name = seen["path"].rstrip("/").rpartition("/")[2] if seen else ""
    near = [one for one in inside.names if one.rpartition("/")[2] == name] if name and inside else []
    return {**seen, "near": near[0]} if seen and near else None


@mistake(example=missing("ap.py"))
def file_not_in_context(build, inside=None):
    """The build failed{where}. COPY finds no `{path}` in the folder that is built.{near} It can copy only what is in that folder, and what
    .dockerignore does not exclude.
    """
    seen = not_copied(build)
    close = difflib.get_close_matches(seen["path"], inside.names, 1, 0.7) if seen and inside else []
    return seen and seen | {"near": f" Is `{close[0]}` meant?" if close else ""}


@mistake(example=unread("ERROR: failed to build: failed to solve: cannot copy to non-directory: /app/code"))
def several_files_to_one(build):
    """The build failed{where}. A file has the name that was meant for a folder. COPY takes its last word for a folder
    only if that ends with a /, or if the folder is there already: WORKDIR makes one.
    """
    return tells(
        build,
        r"cannot copy to non-directory|destination must be a directory|mkdir \S+: not a directory"
        r"|\[Errno 20\] Not a directory: '[^'\n]*'",
    )


def step_of(inside: Inside | None, build: BuildFailed) -> Instruction | None:
    """The failed step as it stands in the Dockerfile; None if it cannot be found there."""
    if not inside or not inside.dockerfile or not build.step:
        return None
    step = " ".join(build.step.split())
    return next((one for one in inside.dockerfile.instructions if " ".join(one.whole.split()) == step), None)


def base_of(inside: Inside | None, build: BuildFailed) -> str:
    """The image that the stage with the failed step begins with, as far as the Dockerfile tells; else ""."""
    step = step_of(inside, build)
    if not inside or not inside.dockerfile or not step:
        return ""
    lineage = inside.dockerfile.lineage(step.stage)
    base: str = inside.dockerfile.stages[lineage[-1]].base if lineage and lineage[-1] >= 0 else ""
    return base
