r"""What goes wrong while an image is built.

Each condition reads what the step that failed printed and what BuildKit says of it. The order, from the special to the general: what
ended the build from outside, for then its log names no cause; a Dockerfile that cannot be read; a base image; COPY; pip, where what
pip takes for a package comes before a package that it does not find; other commands; at last the step alone.
"""

from __future__ import annotations

from typing import Any

from workshop.engine.buildlog import BuildFailed, Stop
from workshop.mistakes.mistake import mistake, said

MISSING = r"(?:failed to compute cache key|failed to calculate checksum)[^\n]*"
NO_COMMAND = r"/bin/sh: (?:\d+: )?(?P<command>{}): not found"


def at(step: str | None) -> str:
    """The place of a step in a sentence, or nothing."""
    return f" at `{step}`" if step else ""


def tells(build: BuildFailed, pattern: str) -> dict[str, Any] | None:
    """What fills a sentence if the failed step, or BuildKit, says so: the named groups, and the step as `{where}`."""
    seen = said(pattern, build.said)
    return seen and {"where": at(build.step), **seen}


def failed(step: str, *lines: str, before: str = "") -> dict[str, BuildFailed]:
    """An example: a build whose step printed these lines."""
    printed = "".join(f"#8 0.4 {line}\n" for line in lines)
    end = f"#8 ERROR: process did not complete successfully: exit code: 1\n------\n > [4/4] {step}:\n"
    return {
        "build": BuildFailed(f"{before}#8 [4/4] {step}\n{printed}{end}" + "".join(f"0.4 {line}\n" for line in lines))
    }


def unread(line: str) -> dict[str, BuildFailed]:
    """An example: a Dockerfile that BuildKit does not take."""
    return {"build": BuildFailed(f"#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n{line}\n")}


def solving(problem: str) -> dict[str, BuildFailed]:
    """An example: what BuildKit could not solve."""
    return unread(f"ERROR: failed to solve: {problem}")


def missing(path: str) -> dict[str, BuildFailed]:
    """An example: a COPY that finds no such path."""
    return unread(f'ERROR: failed to compute cache key: failed to calculate checksum of ref x: "/{path}": not found')


def pip(error: str, **more: str) -> dict[str, BuildFailed]:
    """An example: pip fails over requirements.txt."""
    return failed("RUN pip install -r requirements.txt", f"ERROR: {error}", **more)


NOT_OPENED = "Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'"
OS_ERROR = "Could not install packages due to an OSError: "
NO_IMAGE = "pyton:3.13: failed to resolve source metadata for docker.io/library/pyton:3.13: pull access denied"
NO_TAG = "python:3.99: docker.io/library/python:3.99: not found"


# Ended from outside


@mistake(example={"build": BuildFailed("#7 [3/3] RUN cat /dev/zero > /big\n", Stop.FILLS_DISK, taken=3 * 2**30)})
def build_fills_the_disk(build):
    """The build was stopped{where}: it had written {size} GB, and the disk was filling up. Which step writes so much?"""
    if build.stop is Stop.FILLS_DISK:
        return {"where": at(build.last_step), "size": f"{build.taken / 2**30:.1f}"}


@mistake(example={"build": BuildFailed("#7 [3/3] RUN python app.py\n#7 0.3 * Running on http://x", Stop.SERVES)})
def server_started_in_the_build(build):
    """The build waits for a server that was started{where} and never ends. RUN is for the time of the build; write
    what a container runs when it starts in CMD.
    """
    return build.stop is Stop.SERVES and {"where": at(build.last_step)}


@mistake(example={"build": BuildFailed("#7 [3/3] RUN sleep 1000\n", Stop.TIME, seconds=120)})
def build_never_ends(build):
    """The build was still running after {seconds} s{where} and was stopped. Which command there never ends?"""
    return build.stop is Stop.TIME and {"where": at(build.last_step), "seconds": f"{build.seconds:.0f}"}


# A Dockerfile that cannot be read


@mistake(example=unread("ERROR: failed to build: failed to solve: file with no instructions"))
def empty_dockerfile(build):
    """The build failed. The Dockerfile holds no instruction. Its first one is FROM."""
    return tells(build, r"file with no instructions|Dockerfile[^\n]* cannot be empty")


@mistake(example=unread("ERROR: failed to build: failed to solve: no build stage in current context"))
def no_from(build):
    """The build failed. A Dockerfile begins with FROM, the image to build on."""
    return tells(build, r"no build stage in current context")


@mistake(example=unread("ERROR: dockerfile parse error on line 1: FROM requires either one or three arguments"))
def comment_after_from(build):
    """The build failed. FROM takes one image and nothing else, with no space in its name: python:3.13-slim. A comment
    needs a line of its own.
    """
    return tells(build, r"FROM requires either one or three arguments")


@mistake(example=unread("ERROR: failed to build: failed to solve: invalid containerPort: #"))
def expose_takes_no_port(build):
    """The build failed{where}. EXPOSE takes port numbers and nothing else: `EXPOSE 5000`. A comment needs a line of
    its own.
    """
    return tells(build, r"[Ii]nvalid containerPort: \S+|No port specified: \S+")


@mistake(example=solving('failed to parse stage name "python=3.13-slim": invalid reference format'))
def not_an_image_name(build):
    """The build failed. `{image}` is not the name of an image. After the name comes a colon, then the tag:
    python:3.13-slim.
    """
    return tells(build, r'failed to parse stage name "(?P<image>[^"]+)": invalid reference format')


@mistake(example=unread("ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: CPOY"))
def unknown_instruction(build):
    r"""The build failed. A line of the Dockerfile begins with `{word}`, which is no instruction. Check its spelling,
    and put a space after it. A command of the build belongs after RUN; it goes on in the next line only if its line
    ends in \.
    """
    return tells(build, r"unknown instruction: (?P<word>\S+)")


@mistake(example=unread("ERROR: dockerfile parse error on line 5: COPY requires at least two arguments, but only one"))
def parse_error(build):
    """The build failed. Line {line} of the Dockerfile: {problem}."""
    seen = tells(build, r"parse error on line (?P<line>\d+): (?P<problem>[^\n]*)")
    return seen and seen | {"problem": seen["problem"].rstrip(". ")}


# The base image


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


# COPY and ADD


@mistake(example=failed("COPY app.py .  # my app", '"/#": not found'))
def comment_after_copy(build):
    """The build failed{where}. {word} takes everything after `#` for names of files. A comment needs a line of its
    own.
    """
    return tells(build, r"^ > \[[^\n]*\] (?P<word>COPY|ADD) [^\n]* #")


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


@mistake(example=missing("ap.py"))
def file_not_in_context(build):
    """The build failed{where}. COPY finds no `{path}` in the folder that is built. It can copy only files beside the
    Dockerfile that .dockerignore does not exclude. Check the spelling, capital letters too.
    """
    return tells(build, MISSING + r'"/?(?P<path>[^"]*)": not found')


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


# RUN: a line that is not meant so


@mistake(example=failed("RUN pip install -r requirements.txt COPY app.py .", "ERROR: Invalid requirement: 'COPY'"))
def run_goes_on(build):
    r"""The build failed{where}. {word} was taken for a part of the RUN line: a line that ends in \ goes on in the
    next one. Remove the \ from the last line of RUN.
    """
    return tells(build, r"^ > \[[^\n]*\] RUN [^\n]*? (?P<word>COPY|CMD|EXPOSE|WORKDIR|ENTRYPOINT) ")


@mistake(example=failed("RUN dd if=/dev/zero of=/big", "dd: error writing '/big': File too large"))
def too_large_a_file(build):
    """The build failed{where}. A step of the build wrote a file larger than the workshop allows."""
    return tells(build, r"[Ff]ile size limit exceeded|File too large")


# pip


@mistake(example=pip(f"{OS_ERROR}[Errno 2] No such file or directory: '/home/me/flask'"))
def path_of_another_machine(build):
    """The build failed{where}. requirements.txt names {path}, a path of another machine. Write each package with its
    version: `flask==3.1.3`.
    """
    return tells(
        build,
        r"Could not install packages due to an OSError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'",
    )


@mistake(example=pip("Invalid requirement: 'from flask'", before="#7 [3/4] COPY app.py requirements.txt\n"))
def app_copied_over_requirements(build):
    """The build failed{where}. The last word of COPY is the destination, so the image's {name} is a copy of the file
    before it. A dot means the folder of WORKDIR: `COPY app.py requirements.txt .`.
    """
    copied = said(r"\] (?:COPY|ADD) [^\n]*\.py \S*(?P<name>requirements\.txt)$", build.log)
    return copied and tells(build, r"Invalid requirement") and {"where": at(build.step), **copied}


@mistake(example=pip(NOT_OPENED, before="#7 [3/4] COPY requirements.txt app.py\n"))
def requirements_copied_over_app(build):
    """The build failed{where}. The last word of COPY is the destination, so requirements.txt was copied to the name
    {name}. A dot means the folder of WORKDIR: `COPY app.py requirements.txt .`.
    """
    copied = said(r"\] (?:COPY|ADD) [^\n]*\brequirements\.txt \S*?(?P<name>[\w-]+\.py)$", build.log)
    return copied and tells(build, r"Could not open requirements file") and {"where": at(build.step), **copied}


@mistake(example=pip("No matching distribution found for requirements.txt"))
def pip_without_r(build):
    """The build failed{where}. pip takes {name} for the name of a package. It reads the packages from a file if -r is
    before the name: `pip install -r {name}`.
    """
    return tells(build, r"No matching distribution found for (?P<name>\S*requirements\S*|\S+\.txt)")


@mistake(example=failed("RUN pip install flask==31.3", "ERROR: No matching distribution found for flask==31.3"))
def package_not_found(build):
    """The build failed{where}. pip finds no package `{name}` for this image. Check the name on PyPI, whether that
    version exists, and whether it is made for another system only. What comes with Python (os, json, socket) needs
    no line there.
    """
    return tells(build, r"No matching distribution found for (?P<name>\S+)")


@mistake(example=failed("RUN pip instal flask", 'ERROR: unknown command "instal" - maybe you meant "install"'))
def unknown_pip_command(build):
    """The build failed{where}. pip has no command `{word}`. To install, write `pip install`."""
    return tells(build, r'ERROR: unknown command "(?P<word>[^"]+)"')


@mistake(example=pip("Invalid requirement: 'flask=3.1.3': Expected end"))
def invalid_requirement(build):
    """The build failed{where}. pip cannot read `{line}` in requirements.txt. The file holds names of packages, one a
    line, a version after `==`: `flask==3.1.3`.
    """
    return tells(build, r"Invalid requirement: '(?P<line>[^']+)'")


@mistake(example=pip(NOT_OPENED))
def requirements_not_found(build):
    """The build failed{where}. pip finds no file {file} at that step. COPY it before the RUN line that reads it, to
    the folder that WORKDIR names before that. Check that both spell it the same.
    """
    return tells(build, r"Could not open requirements file: [^\n]*?'(?P<file>[^'\n]+)'")


@mistake(example=pip(f"{OS_ERROR}[Errno 13] Permission denied: '/nonexistent'"))
def user_before_install(build):
    """The build failed{where}. pip may not write to {path}: a USER line before that step took the right away. Install
    first, and put USER after it.
    """
    return tells(build, r"OSError: \[Errno 13\] Permission denied: '(?P<path>[^']+)'")


# Other commands


@mistake(example=failed("RUN install flask", "install: missing destination file operand after 'flask'"))
def install_without_pip(build):
    """The build failed{where}. The command at that step copies files, and no destination is given. Python packages
    are installed by pip: `RUN pip install …`.
    """
    return tells(build, r"install: missing destination file operand after '[^']+'")


@mistake(example=failed("RUN cp app.py .", "cp: cannot stat 'app.py': No such file or directory"))
def file_not_in_the_image(build):
    """The build failed{where}. A RUN line sees what is in the image, and {file} is not there. Bring what is beside
    the Dockerfile into the image with COPY.
    """
    return tells(
        build,
        r"(?:cannot access|(?:can't|cannot) stat) '(?P<file>[^']+)': No such file or directory",
    )


@mistake(example=failed("RUN apt-get install -y python3-flask", "E: Unable to locate package python3-flask"))
def no_package_lists(build):
    """The build failed{where}. apt finds no package `{name}`. The image comes without package lists: `RUN apt-get
    update && apt-get install -y …`, in one line. Python packages come with pip instead.
    """
    return tells(build, r"Unable to locate package (?P<name>\S+)")


@mistake(example=failed("RUN adduser app", "/bin/sh: 1: adduser: not found"))
def no_adduser(build):
    """The build failed{where}. The image has no command `{command}`: Debian's slim images no longer include it.
    `useradd` and `groupadd` are there.
    """
    return tells(build, NO_COMMAND.format("adduser|addgroup"))


@mistake(example=failed("RUN sudo pip install flask", "/bin/sh: 1: sudo: not found"))
def sudo_in_the_build(build):
    """The build failed{where}. The image has no `sudo`, and a build needs none: its steps run as root. Write the
    command alone.
    """
    return tells(build, NO_COMMAND.format("sudo"))


@mistake(example=failed("RUN docker run hello", "/bin/sh: 1: docker: not found"))
def docker_in_the_build(build):
    """The build failed{where}. `docker` is a command for your own terminal. The Dockerfile describes what is in the
    image, and CMD what a container starts.
    """
    return tells(build, NO_COMMAND.format("docker"))


@mistake(example=failed("RUN source /venv/bin/activate", "/bin/sh: 1: source: not found"))
def source_in_the_build(build):
    """The build failed{where}. The shell of the build has no `source`, and each RUN line begins in a new shell. An
    image needs no virtual environment; if there is one, use its programs by their path: /venv/bin/pip.
    """
    return tells(build, NO_COMMAND.format("source"))


@mistake(example=failed("RUN pip install flask", "/bin/sh: 1: pip: not found"))
def build_command_not_found(build):
    """The build failed{where}. The image has no command `{command}` at that step. Does FROM name an image that
    includes it?
    """
    return tells(build, NO_COMMAND.format(r"[\w./-]+"))


# The step alone


@mistake(example=failed("RUN false"))
def build_failed(build):
    """The build failed{where}. Its last lines say why."""
    return {"where": at(build.step)}
