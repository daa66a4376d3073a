"""What goes wrong in lesson 6. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re

from workshop.grader import mistake, said


@mistake("test_it_publishes")
def windows_line_ends(published):
    """publish.sh has Windows line ends (CRLF): the shell takes the \\r at the end of each line for a part of the command. Save it with LF line ends."""
    return not published.is_python and re.search(r"\\r'|\r[:'\"]", published.err)  # curl's progress has a \r too


@mistake("test_it_publishes")
def no_such_command(published):
    """The shell finds no command {name}. Check how it is spelled; if that is right, it is not installed here. If {name} is a variable: in an
    assignment there is no space around the =, as in name=value."""
    return said(r"(?:line \d+|\.sh: \d+): (?P<name>[^\s:]+): (?:command )?not found", published.err)


@mistake("test_it_publishes")
def arguments_miscounted(published):
    """The script is called with three arguments, the registry, the image and the version, and counts them otherwise: “{words}”. sys.argv[0]
    is the script itself, and so is $0; the first argument is sys.argv[1], or $1."""
    at_argv = r"sys\.argv.*\n(?:[ ~^]+\n)?(?P<words>(?:Value|Index|Type)Error: .*)"  # such an error elsewhere is of another kind
    return said(r"(?P<words>\d: unbound variable)", published.err) or said(at_argv, published.err)


def text_of(ran, bench):
    """The script that was run, as the student wrote it."""
    return (bench.folder / ("publish.py" if ran.is_python else "publish.sh")).read_text(errors="replace")


@mistake("test_it_publishes")
def usage_of_its_own(published):
    """The script ended with its own line “{line}”. It is called with three arguments: the registry, the image and the version. How many does it count?"""
    return published.code and said(r"(?im)^(?P<line>usage: [^\n]*)", published.said)


@mistake("test_it_publishes")
def asks_for_its_words(published, bench):
    """The script waits for somebody to type (`{line}`), and nobody is there. It gets its words when it is called: $1, $2 and $3, or sys.argv[1] and so on."""
    if "EOFError: EOF when reading a line" in published.err:
        return {"line": "input(…)"}
    reads = re.search(
        r"(?m)^(read\b[^<\n]*)$", text_of(published, bench)
    )  # at the end of its input it returns 1, and says nothing
    return published.code == 1 and not published.said.strip() and reads and {"line": reads[1]}


@mistake("test_it_publishes")
def login_without_a_password(published):
    """`docker login` wants to ask for a name and a password, and nobody is there to type. This registry needs none: leave it out."""
    return said(r"(?P<words>Cannot perform an interactive login from a non TTY device)", published.err)


@mistake("test_it_publishes", "test_both_tags_are_in_the_registry")
def pushed_to_docker_hub(published):
    """The script pushes {name}. A name without a registry in front means Docker Hub, docker.io. The registry's address comes first:
    REGISTRY/IMAGE:VERSION."""
    return said(r"repository \[docker\.io/(?:library/)?(?P<name>[^\]]+)\]", published.out)


@mistake("test_it_publishes", "test_both_tags_are_in_the_registry")
def another_registry(published, registry):
    """The script pushes to the registry {other}, and it was called with {address}. The address is its first argument: $1, or sys.argv[1]."""
    seen = said(r"repository \[(?P<other>[^\]/]+:\d+)/", published.out)
    return seen and seen["other"] != registry.address and seen | {"address": registry.address}


@mistake("test_it_publishes")
def name_in_single_quotes(published):
    """docker was given the name {name}, with the $ in it. In single quotes the shell leaves a variable as it is written; in double quotes it puts in its
    value: "$registry/$image"."""
    seen = said(
        r"[\"'` ](?P<name>[^\s\"'`]*\$\{?[A-Za-z]\w*[^\s\"'`]*)[\"'`].*invalid reference format",
        " ".join(published.err.split()),
    )
    return not published.is_python and seen


@mistake("test_it_publishes")
def not_a_name(published):
    """docker was given a name that cannot be one: “invalid reference format”. A name has no http:// in front, no space in it, and nothing in it is
    empty, as a misspelled variable would be. Print it with `echo`, or `print`."""
    return "invalid reference format" in published.err or "invalid repository name" in published.err


@mistake("test_it_publishes")
def not_tagged(published):
    """docker push finds no image {name} on this machine. An image is pushed by its name, so it needs this name first: docker tag IMAGE {name}"""
    return said(r"(?:does not exist locally with the tag|tag does not exist): (?P<name>\S+)", published.err)


@mistake("test_it_publishes")
def tagged_the_wrong_way_round(published, registry):
    """A docker command was given {name} as an image that is there, and the engine has none of that name yet. `docker tag` takes the name that
    is there first, then the new one; and only what was tagged or pulled can be inspected."""
    seen = said(r"No such image: (?P<name>\S+)", published.err)
    return seen and seen["name"].startswith(registry.address) and seen


@mistake("test_it_publishes")
def another_image(published, image):
    """The script asks for the image {name}, and it was called with {mine}. The image is its second argument, $2 or sys.argv[2], just as it came. The
    version belongs to its new name only."""
    seen = said(r"No such image: (?P<name>\S+)", published.err)
    return seen and seen["name"].removesuffix(":latest") != image.name and seen | {"mine": image.name}


@mistake("test_it_publishes", "test_a_slow_registry_is_waited_for")
def does_not_wait(actual):
    """The script had ended, and this was still at work: {command}. The shell does not wait for a line that ends in &, and a fixed `sleep` may be
    too short. Leave out the &, or end with `wait`. In Python, Popen does not wait; subprocess.run does."""
    left = actual if isinstance(actual, tuple) else getattr(actual, "left", ())
    return left and {"command": left[0]}


@mistake("test_both_tags_are_in_the_registry")
def another_repository(registry, image, actual):
    """The registry has no repository {name}, but it has {others}. The repository's name is the image's, and after the address comes nothing else:
    REGISTRY/IMAGE."""
    others = pushed(registry)
    return not actual and others and {"name": image.name, "others": ", ".join(others)}


def pushed(registry):
    """The repositories that the script has made."""
    return [name for name in registry.repositories() if not name.startswith("0/")]


@mistake("test_both_tags_are_in_the_registry")
def nothing_pushed(registry, actual):
    """Nothing has come to the registry. `docker tag` names an image on this machine; `docker push` sends it."""
    return not actual and not pushed(registry)


@mistake("test_both_tags_are_in_the_registry")
def no_latest(actual, image):
    """The version is there, and `latest` is not. A tag is a name; an image can have several, and each is pushed: REGISTRY/IMAGE:latest too."""
    return actual == [image.version]


@mistake("test_both_tags_are_in_the_registry")
def no_version(actual, image):
    """`latest` is there, and the version is not. A name without a tag means `:latest`; the version comes behind a colon: REGISTRY/IMAGE:VERSION."""
    return actual == ["latest"]


@mistake("test_both_tags_are_in_the_registry")
def another_version(actual, image):
    """The registry has the tags {tags}, and the script was called with the version {version}. It is the third argument, $3 or sys.argv[3], and the tag
    is exactly that."""
    return (
        isinstance(actual, list)
        and image.version not in actual
        and {"tags": " and ".join(actual), "version": image.version}
    )


@mistake("test_both_tags_are_in_the_registry")
def one_tag_more(actual, image):
    """The registry has the tags {tags}. Only the version and `latest` were asked for: a tag more is one more name that somebody may rely on."""
    return isinstance(actual, list) and {image.version, "latest"} < set(actual) and {"tags": ", ".join(actual)}


@mistake("test_both_tags_have_one_digest")
def latest_is_another_image(registry, image):
    """The version and `latest` lead to two images. Give both names to one and the same image, and change nothing in between."""
    return registry.digest(image.name, "latest") != registry.digest(image.name, image.version)


@mistake("test_it_is_the_image_that_was_built")
def layers_added(actual, image):
    """What was published has the layers of the image that the script was given, and {count} more. It publishes the image as it is."""
    more = len(actual) - len(image.diff_ids) if isinstance(actual, list) else 0
    return more and actual[: len(image.diff_ids)] == image.diff_ids and {"count": more}


@mistake("test_it_is_the_image_that_was_built")
def an_image_of_its_own(actual, image):
    """What was published has no layer of the image that the script was given. Does the script build another one? Its second argument is an image that
    is built already: docker tag gives it the name under which it is pushed."""
    return isinstance(actual, list) and bool(actual) and not set(actual) & set(image.diff_ids)


@mistake("test_the_last_line_has_the_digest")
def digest_of_the_configuration(registry, image, published):
    """The last line has the digest of the image's configuration, which older engines show as the image's ID. A registry finds an image by the digest
    of its manifest: docker push prints it, and `docker image inspect` lists it under RepoDigests."""
    return registry.manifest(image.name, image.version)["config"]["digest"] in published.last_line


@mistake("test_the_last_line_has_the_digest")
def digest_of_a_layer(registry, image, published):
    """The last line has the digest of one of the layers. The whole image is found by the digest of its manifest: docker push prints it, and `docker
    image inspect` lists it under RepoDigests."""
    return any(digest in published.last_line for digest in registry.layers(image.name, image.version))


@mistake("test_the_last_line_has_the_digest")
def words_around_it(published, expected):
    """The last line is “{line}”. Another program takes it as it stands, as in `docker run $(…)`: print REGISTRY/IMAGE@sha256:… alone."""
    return expected in published.last_line and {"line": published.last_line}


@mistake("test_the_last_line_has_the_digest")
def a_tag_for_a_digest(registry, image, published):
    """The last line is {line}: a tag, and a tag can be moved to another image. By digest the name ends in @sha256:…; `docker image inspect` lists it
    under RepoDigests."""
    line = published.last_line
    return line.startswith(f"{registry.address}/{image.name}") and "@" not in line and {"line": line}


@mistake("test_the_last_line_has_the_digest")
def digest_in_another_repository(image, published, registry):
    """The digest stands behind another repository: {line}. RepoDigests has one entry for each repository in which the engine knows the image, and
    the first of them need not be this one. Take the one that begins with REGISTRY/IMAGE@."""
    line = published.last_line
    mine = f"{registry.address}/{image.name}@"
    return re.fullmatch(r"\S+/\S+@sha256:\w+", line) and not line.startswith(mine) and {"line": line}


@mistake("test_the_last_line_has_the_digest")
def digest_without_the_name(published, registry, image):
    """The digest alone names no place. The line that can be pulled has the repository in front: REGISTRY/IMAGE@sha256:…"""
    return published.last_line == registry.digest(image.name, image.version)


@mistake("test_the_last_line_has_the_digest")
def digest_without_its_kind(published, expected):
    """The last line has the digest without `sha256:`, which is a part of it: {line}. A name with it ends in @sha256:…"""
    return published.last_line == expected.replace("sha256:", "") and {"line": published.last_line}


@mistake("test_the_last_line_has_the_digest")
def not_the_last_line(published, expected):
    """The line is printed, but it is not the last one on standard output: {line} is. What is only to be read by people goes to standard error
    (>&2), or before it."""
    lines = [line.strip() for line in published.said.splitlines()]
    return expected in lines and {"line": f"“{published.last_line}”"}


def misses(ran, image):
    """Whether docker said that the image which the script is called with is not on this machine."""
    seen = said(r"No such image: (?P<name>\S+)", getattr(ran, "err", ""))
    return seen and seen["name"].removesuffix(":latest") == image.name and seen


@mistake("test_published_again_it_uploads_nothing")
def image_is_gone(actual, image):
    """At its second call the script found no image {name} on this machine. At the first one it was there: does the script remove it? What was built
    stays, or it cannot be published again."""
    return misses(actual, image)


@mistake("test_published_again_it_uploads_nothing")
def refuses_what_it_published(actual, image):
    """The registry has this very image under this version, and the script ended with exit code {code}; its last words: “{words}”. Only another image is
    a reason to stop. Whether it is another one, its digest tells, or its ID after a `docker pull`."""
    is_so = getattr(actual, "code", None) and not misses(actual, image)
    return is_so and {"code": actual.code, "words": last_words(actual)}


def last_words(ran):
    """The last line that a script printed, errors after all else."""
    lines = ran.said.strip().splitlines()
    return lines[-1].strip() if lines else "nothing"


@mistake("test_published_again_it_uploads_nothing")
def a_layer_made_anew(actual, layers, registry, image, before):
    """A layer was uploaded, although the image had not changed: the script publishes something that it makes anew each time. It publishes the image
    that it is given, as it is."""
    another = registry.digest(image.name, image.version) != before
    return another and isinstance(actual, list) and set(actual) <= set(layers)


@mistake("test_published_again_it_uploads_nothing")
def another_digest_each_time(before, actual):
    """The digest was {before} and is {after} now, although the image had not changed. Even a label with the time of day makes another image:
    the script publishes the image that it is given, as it is."""
    return isinstance(actual, str) and {"before": short(before), "after": short(actual)}


def short(digest):
    """A digest, cut."""
    return f"{digest[:19]}…"


@mistake("test_it_runs_from_the_registry_alone")
def another_command(actual, published, bench):
    """The image has its layers and starts with another command: {command}. It was built to print a word. The script publishes the image that it is given, as
    it is."""
    details = bench.known_image(published.last_line).config
    command = [*(details.get("Entrypoint") or []), *(details.get("Cmd") or [])]
    return command != ["/bin/cat", "/word"] and {"command": " ".join(command) or "none"}


@mistake("test_a_taken_version_stays")
def asks_by_manifest_inspect(version, before, mine, ended, bench):
    """The registry had another image under {version}, and the script has put yours in its place, though it asks with `docker manifest inspect`. That
    asks by HTTPS, and this registry has only HTTP: it finds no manifest, though the version is there. Ask with `docker pull`, or give it --insecure."""
    text = text_of(ended, bench)
    asks = re.search(r"docker manifest inspect(?! .*--insecure)", text)
    return version != before and asks and "docker pull" not in text and {"version": mine.version}


@mistake("test_a_taken_version_stays")
def overwrites_a_version(version, before, mine):
    """The registry had another image under {version}, and the script has put yours in its place: whoever asks for that version now gets another program.
    Ask the registry before you push; `docker pull` finds out what it has."""
    return version != before and {"version": mine.version}


@mistake("test_a_taken_version_stays")
def latest_moved_all_the_same(latest, before):
    """The version stayed as it was, but `latest` leads to the new image now. If the version is taken, nothing is pushed at all."""
    return latest != before


@mistake("test_a_taken_version_stays")
def a_taken_version_is_no_error(ended):
    """No tag moved, which is right, and the script ended with exit code 0, as if it had published the image. The version in the registry is another
    image: say so, and end with exit code 1."""
    return ended.code == 0


@mistake("test_an_error_is_passed_on")
def tries_without_end(actual):
    """The push failed {count} times, and the script was still trying after {LIMIT} s. Try a few times, then end with an exit code other than 0."""
    refusals = actual.said.count("connection refused") + actual.said.count("502 Bad Gateway")
    return actual.code is None and refusals > 3 and {"count": refusals}


@mistake("test_an_error_is_passed_on")
def goes_on_after_an_error(actual):
    """No registry answers at that address{words}, and the script ended with exit code 0. A shell goes on after an error unless `set -e` stands above; of
    a pipe it looks at the last command only, unless `set -o pipefail` does. In Python, `check=True` raises."""
    seen = said(r"(?P<words>dial tcp [^\n\"]+)", actual.said)
    return actual.code == 0 and {"words": f" (“{seen['words']}”)" if seen else ""}


@mistake("test_a_refused_version_moves_nothing")
def latest_before_the_version(seen, latest, mine, before):
    """`latest` was pushed before the version, and the version was refused: now `latest` leads to an image whose version is not there. Push `latest` last."""
    tags = [
        request["path"].rpartition("/")[2]
        for request in seen.requests
        if request["method"] == "PUT" and "/manifests/" in request["path"]
    ]
    return latest != before and "latest" in tags and mine.version in tags[tags.index("latest") :]


@mistake("test_a_refused_version_moves_nothing")
def latest_without_its_version(latest, before):
    """The registry refused the version, and the script pushed `latest` all the same: it leads to an image whose version is not there. After an error,
    push nothing more."""
    return latest != before


@mistake("test_a_slow_registry_is_waited_for")
def gives_up_too_soon(actual):
    """The registry was slow, and the script gave up after {seconds} s. Over a slow line an image takes minutes: leave out the time limit, or make it
    long."""
    gave_up = getattr(actual, "code", 0) == 124 or "TimeoutExpired" in getattr(actual, "err", "")
    return gave_up and {"seconds": f"{actual.seconds:.1f}"}


@mistake("test_a_push_that_breaks_off")
def ctrl_c_is_no_success(cut):
    """After Ctrl-C the script ended with exit code 0, as if the image had been published. End with another exit code: 130 is usual."""
    return cut.code == 0


@mistake("test_a_push_that_breaks_off")
def does_not_end_at_ctrl_c(cut):
    """Ctrl-C did not end the script: {PATIENCE} s later it was still at work. Does it ignore the signal (`trap '' INT`), or start the push again each time?"""
    return cut.code is None


@mistake("test_done_again_it_is_complete")
def takes_the_local_tag_for_published(actual, again, version):
    """The script ended with exit code 0, and the registry does not have the version. Does the script take a tag on this machine, or a note of its own, for
    the proof? The try that broke off has left it. Whether an image is published, only the registry knows."""
    return again.code == 0 and version is None


@mistake("test_done_again_it_is_complete")
def stopped_by_what_was_left_behind(again):
    """The second try ended with exit code {code} and said “{words}”. Does the try that broke off leave something behind that stops the next one?
    `trap 'rm …' EXIT` removes it however the script ends."""
    return again.code and {"code": again.code, "words": last_words(again)}
