"""What goes wrong in lesson 4. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re
from fnmatch import fnmatch
from pathlib import Path

from workshop.grader import mistake, said

MB = 1_000_000


@mistake("build")
def secret_under_another_name(actual, bench):
    """seal.py found no token. The build is given one as the secret `seal_token`, and the Dockerfile asks for a secret `{name}`. A RUN sees it
    only if it asks for it under exactly its name: RUN --mount=type=secret,id=seal_token …"""
    names = set(
        re.findall(r"--mount=type=secret\S*?,id=([\w.-]+)", bench.require("Dockerfile").read_text("utf-8-sig"))
    )
    seen = finds_no_token(actual) and names and "seal_token" not in names
    return seen and {"name": ", ".join(sorted(names))}


@mistake("test_the_secret_is_enough")
def token_by_argument_alone(actual):
    """This build was given the token as the secret `seal_token` and not as a build argument, and seal.py found none. Docker's own check warns of a
    secret in ARG or ENV, in every stage. Take the secret: RUN --mount=type=secret,id=seal_token python seal.py"""
    return finds_no_token(actual)


@mistake("build")
def seals_without_a_token(actual):
    """seal.py found no token. The build is given one as the secret `seal_token`. A RUN sees it only if it asks for it, under exactly this name:
    RUN --mount=type=secret,id=seal_token …"""
    return finds_no_token(actual)


def finds_no_token(output):
    """Whether seal.py says so in what a build or a start printed."""
    return "seal.py: no token" in (output or "")


@mistake()
def sealed_at_the_start(log, start):
    """The container ran seal.py when it started, and a container is not given the token. seal.py must run while the image is built:
    RUN --mount=type=secret,id=seal_token python seal.py"""
    return finds_no_token(log)


@mistake()
def library_not_copied(log, start, inside=None):
    """app.py loads {path} when it starts, and the image has no such file.{other} Compile it in a first stage, and copy it from there to the folder of
    app.py: COPY --from=…"""
    seen = said(r"OSError: (?P<path>\S*libtally\.so): cannot open shared object file: No such file", log)
    others = [path for path in inside.files if path.endswith("/libtally.so")] if seen and inside else []
    return seen and seen | {"other": f" It has {others[0]}." if others else ""}


@mistake("test_the_service_answers_as_before")
def counts_the_spaces(answer, count):
    """/words counted {words} words in a text that has {count}. Two words can be more than one space apart. libtally.so, made from the tally.c
    that you were given, counts them right."""
    words = answer.json.get("words") if isinstance(answer.json, dict) else None
    return answer.status == 200 and words != count and {"words": words, "count": count}


@mistake("test_the_image_carries_its_seal")
def no_seal_in_the_image(answer):
    """There is no seal.json beside app.py in the image. seal.py must run while the image is built, beside release.txt. If that happens in a stage
    of its own, copy seal.json from there."""
    return answer.status == 404


@mistake("test_the_image_carries_its_seal")
def seal_of_another_release(answer, order):
    """release.txt said {release} in this build, and the seal is of the release {sealed}: an old seal.json was copied into the image. Leave it
    out, and let seal.py make one while the image is built."""
    sealed = seal_in(answer).get("release")
    return sealed not in (None, order.release) and {"release": order.release, "sealed": sealed}


@mistake("test_the_image_carries_its_seal")
def seal_with_another_token(answer, order, seal):
    """The seal was made with another token than the one that this build was given. Is one written in the Dockerfile? It comes from outside:
    RUN --mount=type=secret,id=seal_token python seal.py"""
    told = seal_in(answer)
    return told.get("release") == order.release and told.get("seal") not in (None, seal)


def seal_in(answer):
    """The seal that a service answered with, or an empty dict."""
    return answer.json if answer.status == 200 and isinstance(answer.json, dict) else {}


@mistake("test_a_change_of_the_app_leaves_the_layers_below")
def installs_after_the_app(flask, app, changed):
    """The dependencies are installed after app.py was copied, so each change of app.py installs them again. Copy requirements.txt alone, install,
    and copy app.py after that."""
    return flask in changed and flask > app


@mistake("test_a_change_of_the_app_leaves_the_layers_below")
def dependencies_beside_the_app(flask, app, changed):
    """The dependencies come in one layer with app.py, so each change of app.py makes the whole layer again. Give app.py a COPY of its own, after them."""
    return flask in changed and flask == app


@mistake("test_a_change_of_the_app_leaves_the_layers_below")
def installs_with_the_whole_folder(flask, app, changed):
    """The layer with the dependencies is below app.py and was made again all the same: the step that installs them reads more of the folder than
    requirements.txt. Before it, copy or mount only that file."""
    return flask in changed and flask < app


@mistake("test_a_change_of_the_app_leaves_the_layers_below")
def step_with_the_whole_folder(app, changed):
    """A layer below app.py was made again, although nothing but app.py has changed. It comes from a step that read app.py, perhaps with the whole folder: before
    each step, copy only the files that it works on."""
    return any(index < app for index in changed)


@mistake("test_nothing_ignored_gets_in")
def litter_deleted_later(layers, places):
    """{names}: copied into one layer and deleted in a later one. A layer never changes. The later one hides the files, and whoever has the image
    can still read them. Keep them out of the build with .dockerignore."""
    return layers.are_hidden(sum(places.values(), [])) and names_of(places)


@mistake("test_nothing_ignored_gets_in")
def comments_behind_the_patterns(bench, places):
    """.dockerignore does not hold back {name}. In its line `{line}`, # begins no comment but is a part of the pattern: give comments lines of
    their own."""
    rules = ignore_file(bench)
    lines = re.findall(r"(?m)^([^#\s]\S*)([ \t]+#.*)$", rules.read_text("utf-8", "replace")) if rules else []
    found = [(name, pattern + comment) for pattern, comment in lines for name in places if is_meant(pattern, name)]
    return found and {"name": found[0][0], "line": found[0][1].strip()}


def is_meant(pattern, name):
    """Whether a pattern of .dockerignore would hold a file back, or one that is called so."""
    bare = pattern.removeprefix("/").removeprefix("**/").rstrip("/")
    return any(fnmatch(one, bare) for one in (name, Path(name).name, *name.split("/")))


@mistake("test_nothing_ignored_gets_in")
def patterns_inside_the_image(bench, image, places):
    """.dockerignore does not hold back {names}. Its pattern `{pattern}` begins with the image's own folder. A path in .dockerignore begins in the
    folder that is built: `{right}`."""
    folder, rules = image.config.get("WorkingDir", "").strip("/"), ignore_file(bench)
    if not folder or not rules or (bench.folder / folder).exists():
        return False
    line = re.search(rf"(?m)^/?{re.escape(folder)}/(\S+)", rules.read_text("utf-8", "replace"))
    return line and names_of(places) | {"pattern": line[0], "right": line[1]}


@mistake("test_nothing_ignored_gets_in")
def pattern_for_the_top_alone(bench, places):
    """.dockerignore holds back `{rule}`, and /{path} got in: a pattern begins at the top of the folder, and * stands for one name. With **/ at its
    beginning it holds at any depth: **/__pycache__/"""
    rules = ignore_file(bench)
    found = re.findall(r"(?m)^((?:\*/|/)*__pycache__/?)\s*$", rules.read_text("utf-8", "replace")) if rules else []
    deep = [path for _, path in places.get("__pycache__/", []) if "tools/" in path]
    return found and deep and list(places) == ["__pycache__/"] and {"rule": found[-1], "path": deep[-1]}


@mistake("test_nothing_ignored_gets_in")
def dockerignore_forgets_some(bench, places):
    """.dockerignore does not hold back {names}. It takes one pattern a line, and a path in it begins in the folder that is built. A later line
    that begins with ! lets files in again."""
    return ignore_file(bench) and names_of(places)


@mistake("test_nothing_ignored_gets_in")
def dockerignore_misnamed(bench, places):
    """{names} got in. There is a file {near}, and Docker looks for one whose name is exactly .dockerignore."""
    near = [path.name for path in bench.folder.iterdir() if re.search(r"(?i)docker_?ignore|^\.gitignore", path.name)]
    return near and not ignore_file(bench) and names_of(places) | {"near": near[0]}


@mistake("test_nothing_ignored_gets_in")
def no_dockerignore(bench, places):
    """{names} got in: COPY takes the folder as it is, and there is no .dockerignore. Name in such a file what must stay out."""
    return not ignore_file(bench) and names_of(places)


def ignore_file(bench):
    """The file that says what the build leaves out, or None."""
    names = ("Dockerfile.dockerignore", ".dockerignore")
    return next((bench.folder / name for name in names if (bench.folder / name).is_file()), None)


def names_of(places):
    """The names of what got in, for a sentence."""
    return {"names": ", ".join(places)}


@mistake("test_no_secret_stays")
def token_by_env(image, order):
    """ENV writes the token into the image's configuration. Whoever has the image can read it there, and every process in the container gets it. A
    secret mount leaves nothing behind: RUN --mount=type=secret,id=seal_token …"""
    return any(order.token in line for line in image.config.get("Env") or [])


@mistake("test_no_secret_stays")
def token_in_the_configuration(image, order):
    """The token is in the image's configuration (a label, a command), which everyone who has the image can read. A secret mount leaves nothing
    behind: RUN --mount=type=secret,id=seal_token …"""
    return order.token in repr(image.config)


@mistake("test_no_secret_stays")
def token_by_arg(image, order):
    """The value of an ARG is in the image's history, beside each RUN that could see it. Whoever has the image can read it there. A secret mount
    leaves nothing behind: RUN --mount=type=secret,id=seal_token …"""
    return any(order.token in line for line in image.history)


@mistake("test_no_secret_stays")
def token_deleted_later(layers, places):
    """A later layer deletes the file with the token. That only hides it: the layer below still has it, and the image is handed out with all its
    layers. A secret mount leaves nothing behind: RUN --mount=type=secret,id=seal_token …"""
    return places and layers.are_hidden(places)


@mistake("test_no_secret_stays")
def token_in_a_file(places):
    """A step wrote the token into a file, /{path}, and that file is in the image. Let no step write it down. A secret mount leaves nothing behind:
    RUN --mount=type=secret,id=seal_token …"""
    return places and {"path": places[0][1]}


@mistake("test_it_does_not_run_as_root")
def user_is_root(image):
    """USER {user} is the last one of the final stage, and it means root. Let the last one name another user."""
    user = image.config.get("User")
    return user and {"user": user}


@mistake("test_it_does_not_run_as_root")
def no_user(image):
    """The final stage names no USER, so the service runs as root. Making a user is not enough, nor is a USER in another stage: each stage begins
    as root."""
    return not image.config.get("User")


@mistake("test_it_can_write_its_notes")
def folder_of_another_user(answer, log, service):
    """The service may not write to {path} (its log says Permission denied): {place} belongs to {owner}, and the service runs as another user. In the
    final stage, before USER, make the folder and give it to that user."""
    denied, place, number, owner, _ = place_denied(answer, log, service)
    is_another = number and int(number) not in {process.uid for process in service.processes()}
    return is_another and {"path": denied, "place": place, "owner": owner}


@mistake("test_it_can_write_its_notes")
def folder_closed_to_its_owner(answer, log, service):
    """The service may not write to {path} (its log says Permission denied). {place} does belong to its user, and its mode is {mode}: the owner has no right
    to write. RUN chmod u+w gives it."""
    denied, place, number, _, mode = place_denied(answer, log, service)
    is_own = number and int(number) in {process.uid for process in service.processes()}
    return is_own and mode[2:3] != "w" and {"path": denied, "place": place, "mode": mode}


def place_denied(answer, log, service):
    """The path that a service may not write to, and the next place above it that is there: its owner's number and name, its mode. Empty if there is none."""
    denied = said(r"Permission denied: '(?P<path>[^'\n]+)'", log) if (answer.status or 0) >= 500 else None
    for place in [denied["path"], denied["path"].rpartition("/")[0] or "/"] if denied else []:
        if (seen := service.exec("stat", "--format", "%u %U %A", place)).ok:
            return denied["path"], place, *seen.out.split()
    return "", "", "", "", ""


@mistake("test_no_compiler_is_in_the_image")
def tools_deleted_later(layers, tools):
    """The build tools are deleted in a later layer, so the one below still has them. Compile in a first stage, and copy from it only what was made:
    COPY --from=…"""
    return layers.are_hidden(tools)


@mistake("test_no_compiler_is_in_the_image")
def tools_in_the_final_image(layers, tools):
    """A tool that builds is in the final image, where nothing is built any more. Compile in a first stage, and copy from it only what was made:
    COPY --from=…"""
    return not layers.are_hidden(tools)


@mistake("test_the_image_is_small")
def large_base_image(is_on_base):
    """The final stage does not start from {BASE}, and all that the image has beyond {BASE} counts: what it starts from, too. The slim image has
    all that Python needs to run. If a package needs more to be built, build it in a first stage."""
    return not is_on_base


@mistake("test_the_image_is_small")
def everything_written_twice(layers, own, grown):
    """{twice} MB are there twice: a later layer has the same files again. chown -R or chmod -R in a RUN of its own does that. Copy with the right owner at
    once (COPY --chown=…), or change it in the RUN that makes the files."""
    twice = layers.written_again(own)
    return twice > grown / 3 and {"twice": twice // MB}


@mistake("test_the_image_is_small")
def large_layers(layers, own):
    """On top of the base image, these layers are the largest: {largest}. What in them does the running service not need? A later layer cannot make them smaller."""
    largest = sorted((index for index in own if layers[index].size > MB), key=lambda index: -layers[index].size)[:3]
    return largest and {"largest": "; ".join(layers.described(largest))}


@mistake("test_dependencies_are_pinned")
def pins_that_no_step_reads(bench, name, version, other):
    """{file} asks for {name}=={version}, but no step reads it there. A build that may not take {version} took {name} {other}, without
    an error. Let the RUN that installs read that file: pip install -r {file}"""
    pin = re.compile(rf"(?im)^[ \t]*{re.escape(name)}==[ \t]*{re.escape(version)}\b")
    files = [path.name for path in bench.folder.glob("*.txt") if pin.search(path.read_text("utf-8", "replace"))]
    return files and {"file": files[0], "name": name, "version": version, "other": other}


@mistake("test_dependencies_are_pinned")
def no_packages_in_the_image(actual):
    """The final image has no Python package beside those of its base. What pip installs in an earlier stage stays there, unless COPY --from takes it
    along."""
    return actual == []


@mistake("test_dependencies_are_pinned")
def not_pinned(name, version, other):
    """{name} is not pinned. A build that may not take {version} took {name} {other}, without an error: what is in an image depends on the day it is built.
    Ask for {name}=={version} in the file that the build reads, or in the RUN itself."""
    return {"name": name, "version": version, "other": other}
