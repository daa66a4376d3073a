r"""What goes wrong while an image is built.

Each condition reads what the step that failed printed and what BuildKit says of it, and no quoted line of the Dockerfile. The order, from the
special to the general: what ended the build from outside, for then its log names no cause; a Dockerfile that cannot be read; pip, where what
pip takes for a package comes before a package that it does not find; other commands; at last the step alone. Base images and COPY are in
`sources`, which comes before.
"""

from __future__ import annotations

import re

from workshop.builds.sources import at, base_of, step_of, tells, unread
from workshop.engine.buildlog import BuildFailed, Stop
from workshop.mistakes.mistake import mistake, said
from workshop.probes.inside import Inside, known

NO_COMMAND = r"/bin/sh: (?:\d+: )?(?P<command>{}): not found"


def failed(step: str, *lines: str, before: str = "") -> dict[str, BuildFailed]:
    """An example: a build whose step printed these lines."""
    printed = "".join(f"#8 0.4 {line}\n" for line in lines)
    end = f"#8 ERROR: process did not complete successfully: exit code: 1\n------\n > [4/4] {step}:\n"
    return {
        "build": BuildFailed(f"{before}#8 [4/4] {step}\n{printed}{end}" + "".join(f"0.4 {line}\n" for line in lines))
    }


def pip(error: str, **more: str) -> dict[str, BuildFailed]:
    """An example: pip fails over requirements.txt."""
    return failed("RUN pip install -r requirements.txt", f"ERROR: {error}", **more)


NO_DISTRIBUTION = r"^ERROR: No matching distribution found for (?P<name>\S+)"
NOT_OPENED = "Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'"
OS_ERROR = "Could not install packages due to an OSError: "


# Ended from outside


@mistake(example={"build": BuildFailed("#7 [3/3] RUN cat /dev/zero > /big\n", Stop.FILLS_DISK, taken=3 * 2**30)})
def build_fills_the_disk(build):
    """The build was stopped{where}: it had written {size} GB, and the disk was filling up. Which step writes so much?"""
    if build.stop is Stop.FILLS_DISK:
        return {"where": at(build.last_step), "size": f"{build.taken / 2**30:.1f}"}


@mistake(example={"build": BuildFailed("#7 [3/3] RUN python make.py\n", Stop.MANY_FILES, files=300_000)})
def build_makes_too_many_files(build):
    """The build was stopped{where}: it had made {files} files. A disk holds only so many of them, however small. Which step makes so many?"""
    if build.stop is Stop.MANY_FILES:
        return {"where": at(build.last_step), "files": str(build.files)}


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


@mistake(
    example=unread("ERROR: failed to solve: dockerfile parse error on line 4: unexpected key 'env' in 'env=TOKEN'")
)
def flag_of_another_builder(build):
    """The build failed: the builder of this engine does not know `{key}` in `{said}`. Is it misspelt? If not, it is newer than this builder:
    write the line without it.{secret}
    """
    seen = tells(build, r"unexpected key '(?P<key>[^']+)' in '(?P<said>[^']+)'")
    is_secret = seen and seen["key"] == "env"
    secret = " A secret without `env=` is a file: /run/secrets/ and its id." if is_secret else ""
    return seen and {**seen, "secret": secret}


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


# RUN: a line that is not meant so


@mistake(example=failed("RUN pip install -r requirements.txt COPY app.py .", "ERROR: Invalid requirement: 'COPY'"))
def run_goes_on(build):
    r"""The build failed{where}. {word} was taken for a part of the RUN line: a line that ends in \ goes on in the
    next one. Remove the \ from the last line of RUN.
    """
    seen = re.search(r"^RUN .*? (?P<word>COPY|CMD|EXPOSE|WORKDIR|ENTRYPOINT) ", build.step or "")
    return seen and {"where": at(build.step), **seen.groupdict()}


@mistake(example=failed("RUN ['pip', 'install', 'flask']", "/bin/sh: 1: [pip,: not found"))
def run_not_a_list(build):
    """The build failed{where}. That RUN is not a list, so a shell takes the bracket for a command. The list is JSON, with plain double quotes: RUN
    ["pip", "install", "flask"]. Without brackets and quotes it works as well.
    """
    return tells(build, NO_COMMAND.format(r"\[\S*"))


@mistake(example=failed('RUN pip install "flask', "/bin/sh: 1: Syntax error: Unterminated quoted string"))
def quote_without_its_end(build):
    """The build failed{where}. A quotation mark has no second one in that line."""
    return tells(build, r"^/bin/sh: (?:\d+: )?Syntax error: Unterminated quoted string")


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


REFUSED = "error: externally-managed-environment"


@mistake(example=failed("RUN pip install flask", "", REFUSED))
def python_of_the_system(build):
    """The build failed{where}. This Python belongs to the system of the image, which refuses to let pip install into it (externally-managed-environment).
    Begin with a Python image, FROM python:3.13-slim, or let pip install into a virtual environment: `python3 -m venv /venv`, then `/venv/bin/pip
    install …`.
    """
    return tells(build, r"^(?:error|×)[: ]+externally-managed-environment")


FOR_OTHERS = (
    "ERROR: Ignored the following versions that require a different python version: 9.1 Requires-Python >=3.99"
)


@mistake(
    example=failed(
        "RUN pip install ipython==9.1", FOR_OTHERS, "ERROR: No matching distribution found for ipython==9.1"
    )
)
def package_for_another_python(build):
    """The build failed{where}. The package index has `{name}`, but not for the Python of this image: pip passed over versions that ask for
    {needs}. Take another version, or an image with such a Python.
    """
    passed_over = said(
        r"^ERROR: Ignored the following versions that require a different python version: (?P<list>.*)", build.said
    )
    seen = tells(build, NO_DISTRIBUTION)
    version = seen["name"].partition("==")[2] if seen else ""
    needs = (
        re.search(rf"(?:^|; ){re.escape(version)} Requires-Python ([^;]+)", passed_over["list"])
        if passed_over
        else None
    )
    return seen and needs and version and seen | {"needs": f"Python {needs[1].strip()}"}


HAS = "ERROR: Could not find a version that satisfies the requirement flask==31.3 (from versions: 3.1.2, 3.1.3)"


@mistake(example=failed("RUN pip install flask==31.3", HAS, "ERROR: No matching distribution found for flask==31.3"))
def version_not_found(build):
    """The build failed{where}. The package index has `{package}`, but not in the version that `{name}` asks for. The newest one that this Python can
    use is {newest}.
    """
    seen = tells(build, NO_DISTRIBUTION)
    versions = said(r"\(from versions: (?P<list>[^)]*)\)", build.said)
    listed = [] if not versions or versions["list"] == "none" else versions["list"].split(", ")
    return seen and listed and seen | {"package": re.split(r"[=<>~!]", seen["name"])[0], "newest": listed[-1]}


@mistake(example=failed("RUN pip install flaskk", "ERROR: No matching distribution found for flaskk"))
def package_not_found(build):
    """The build failed{where}. pip finds no package `{name}` for this image. Check the name on PyPI, whether that
    version exists, and whether it is made for another system only. What comes with Python (os, json, socket) needs
    no line there.
    """
    return tells(build, NO_DISTRIBUTION)


@mistake(
    example=failed(
        "RUN pip install uwsgi",
        "error: command 'gcc' failed: No such file or directory",
        "ERROR: Failed building wheel for uwsgi",
    )
)
def package_needs_a_compiler(build):
    """The build failed{where}. pip has to compile {package}, and the image lacks {tool}: slim images have no compiler. Is there a ready-made
    package (pyuwsgi for uwsgi, psycopg[binary] or psycopg2-binary for psycopg2)? Else compile in a first stage, FROM python:3.13.
    """
    seen = tells(
        build,
        r"(?:command|unable to execute) '(?P<tool>\S*(?:gcc|cc|g\+\+))'(?: failed)?: No such file|(?P<config>(?:pg|mysql)_config)\S* (?:executable )?not found"
        r"|(?P<compiler>gcc|cc|make): (?:command )?not found",
    )
    package = said(r"Failed (?:building wheel for|to build) (?P<name>[\w.-]+)", build.said)
    tools = [seen[name] for name in ("tool", "config", "compiler") if seen and seen[name] != "it"]
    return seen and package and seen | {"tool": f"`{tools[0]}`", "package": f"`{package['name']}`"}


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


@mistake(
    example=failed(
        "RUN apt-get update", "E: Could not open lock file /var/lib/dpkg/lock - open (13: Permission denied)"
    )
)
def user_before_the_packages(build):
    """The build failed{where}. Only root may do that, and a USER line before that step took the right away. Do it first, and put USER after it."""
    return tells(
        build,
        r"^E: .*\(13: Permission denied\)|are you root\?$|^(?:chmod|chown): .*Operation not permitted|^useradd: Permission denied",
    )


@mistake(
    example=failed("RUN mkdir data", "mkdir: cannot create directory 'data': Permission denied")
    | {"inside": known(dockerfile="FROM python:3.13-slim\nUSER notes\nRUN mkdir data\n")}
)
def user_before_the_step(build, inside=None):
    """The build failed{where}. That step runs as {user}, since `USER {user}` stands above it, and {user} may not do this: “{said}”. Do it first,
    and put USER after it.
    """
    seen = tells(build, r"^(?!/bin/sh: \d+: (?!cannot create))(?P<said>[^\n]*[Pp]ermission denied[^\n]*)$")
    step = step_of(inside, build) if seen else None
    if not seen or not step:
        return None
    users = [one.text for one in inside.dockerfile.all("USER", stage=step.stage) if one.line < step.line]
    is_one = users and users[-1].split(":")[0] not in ("root", "0")
    return is_one and {**seen, "user": users[-1]}


# Other commands


MANAGERS = {  # the command that installs a system's packages → whose it is, as /etc/os-release names it
    "apk": "Alpine",
    "yum": "Fedora or Red Hat",
    "dnf": "Fedora or Red Hat",
    "microdnf": "Fedora or Red Hat",
    "apt": "Debian or Ubuntu",
    "apt-get": "Debian or Ubuntu",
    "pacman": "Arch Linux",
    "zypper": "openSUSE",
    "brew": "macOS",
}
APK = failed("RUN apk add gcc", "/bin/sh: 1: apk: not found")


def system_of(inside: Inside | None, build: BuildFailed) -> tuple[str, str]:
    """The image that the failed step's stage begins with, and the name of its system; "" for what cannot be found out."""
    base = base_of(inside, build)
    listing = inside.base(base).listing if inside and base else None
    return base, listing.system if listing else ""


@mistake(example=APK | {"inside": known(dockerfile="FROM python:3.13-slim\nRUN apk add gcc\n")})
def another_systems_packages(build, inside=None):
    """The build failed{where}. `{command}` installs packages on {whose}, and {base} is {system}. If the app needs nothing of it (flask, gunicorn and
    redis come with pip and need no more), remove the line; else take the image's own command{own}.
    """
    seen = tells(build, NO_COMMAND.format("|".join(MANAGERS))) or {}
    base, system = system_of(inside, build) if seen else ("", "")
    if not system or any(word in system for word in MANAGERS[seen["command"]].split(" or ")):
        return None
    own = ", apt-get" if re.match("Debian|Ubuntu", system) else ""
    return {**seen, "whose": MANAGERS[seen["command"]], "base": base, "system": system, "own": own}


@mistake(example=failed("RUN apt-get install -y python3", "/bin/sh: 1: apt-get: not found"))
def image_without_its_installer(build, inside=None):
    """The build failed{where}. There is no command `{command}` in {base}, so it cannot install packages that way. For a Python with pip begin with an
    image that has both: FROM python:3.13-slim.
    """
    seen = tells(build, NO_COMMAND.format("|".join(MANAGERS)))
    return seen and {**seen, "base": base_of(inside, build) or "the image"}


@mistake(example=failed("RUN apt-get install gcc", "Do you want to continue? [Y/n] Abort."))
def nobody_to_answer(build):
    """The build failed{where}. apt asked whether to go on, and in a build nobody answers. Say yes beforehand: `apt-get install -y …`."""
    return tells(build, r"\[Y/n\] Abort\.")


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


@mistake(
    example=failed(
        "RUN python seal.py", "FileNotFoundError: [Errno 2] No such file or directory: '/build/release.txt'"
    )
    | {"inside": known(["release.txt"])}
)
def file_of_the_folder_not_copied(build, inside=None):
    """The build failed{where}. The program there looks for {path}, and the image has no such file at that step. Your folder has a {name}: COPY it to
    there before that step.
    """
    seen = tells(build, r"^FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'")
    if not seen or not inside:
        return None
    name = seen["path"].rpartition("/")[2]
    return name in inside.names and {**seen, "name": name}


@mistake(example=failed("RUN apt-get install -y python3-flask", "E: Unable to locate package python3-flask"))
def no_package_lists(build):
    """The build failed{where}. apt finds no package `{name}`.{lists} Python packages come with pip instead."""
    seen = tells(build, r"^E: Unable to locate package (?P<name>\S+)")
    lists = (
        " It has read its lists just before, so check the name."
        if "apt-get update" in (build.step or "") or "apt update" in (build.step or "")
        else " The image comes without package lists: `RUN apt-get update && apt-get install -y …`, in one line."
    )
    return seen and seen | {"lists": lists}


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
