"""What goes wrong in lesson 3. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re

from workshop.grader import mistake


@mistake("test_it_answers_from_outside")
def python_file_server(answer):
    """Python's own file server answers and shows the folder. It does not run the app: CMD must start app.py."""
    return "Directory listing for" in answer.text


@mistake("test_it_answers_from_outside")
def page_not_in_the_app(answer):
    """A server answers, but it has no page `{path}`. Which file does CMD start? It must be the app.py that you were given."""
    return answer.status == 404 and {"path": re.sub(r".*//[^/]+", "", answer.asked)}


@mistake("test_it_answers_from_outside")
def another_home_page(answer):
    """The page `/` says “{text}” and not “Hello World”. Does CMD start the app.py that you were given?"""
    text = answer.text.strip()
    return answer.status == 200 and text != "Hello World" and {"text": text[:60]}


@mistake("test_it_answers_from_outside")
def greets_nobody_by_name(name, hello):
    """The page `/hello/{name}` says “{text}”: the name from the address is not in it. Does CMD start the app.py that you were given?"""
    return name not in hello.text and {"name": name, "text": hello.text.strip()[:60]}


@mistake("test_it_listens_on_every_address")
def one_address_only(addresses):
    """The server listens on {address} only. That address belongs to one network of the container and changes from start to start.
    0.0.0.0 means every address that the container has."""
    return addresses and {"address": addresses[0]}


@mistake("test_a_changed_app_shows_after_a_rebuild")
def runs_another_copy(answer, word):
    """app.py was given one more page, `/{word}`, and the image was built again, but the container that runs it does not have that page. What it
    runs is not this app.py: copy this file into the image, and let CMD start that copy."""
    return answer.status == 404 and {"word": word}


@mistake("test_it_builds_from_an_empty_cache")
def relies_on_an_earlier_build(build, built_anew=None):
    """The image was built once more with nothing kept from earlier builds, and that build failed{where}: it relies on what an earlier build left
    behind. Give it what it needs: the base image, files beside the Dockerfile, packages from the package index."""
    failed = built_anew is None and build.stop is None
    return failed and {"where": f" at `{build.step}`" if build.step else ""}


@mistake("test_the_container_stays_up")
def ends_by_itself(state):
    """The container answered, and then it ended by itself with exit code {code}. It lives as long as its first process: start the server in the
    foreground, without `&` and without a time limit, as the last thing that CMD does."""
    return not state["Running"] and not state["OOMKilled"] and {"code": state["ExitCode"]}


@mistake("test_the_container_stays_up")
def server_ended_alone(state, service):
    """The container still runs, but the server in it no longer answers: it is not the container's first process, so the container does not end
    with it. Let the server be the last thing that CMD starts, in the foreground and without a time limit."""
    return state["Running"] and 5000 not in [port for _, port in service.listening() or []]
