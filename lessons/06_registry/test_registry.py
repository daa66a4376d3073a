"""Lesson 6: a script that publishes an image: by version and as the latest, told by its digest, safe to break off and to do again."""

from types import SimpleNamespace

import pytest

from workshop.grader import Some, Unchecked, beside, expect, rests_on, until, wanted

LIMIT = 30  # seconds in which a script must end; it takes half a second
PATIENCE = 10  # seconds in which it must end once Ctrl-C is pressed, again and again
SLOW = (
    0.5  # seconds for which each answer to an upload is held back: three for a layer, then three for the configuration
)
HALF_WAY = 100_000  # bytes of a layer after which it stands still
NOBODY = "127.0.0.1:9"  # an address where no registry is
NOTHING_LEFT = wanted("nothing of the script at work after its end", lambda left: not left)
BOTH_TAGS = "test_both_tags_are_in_the_registry"
AS_BUILT = "test_it_is_the_image_that_was_built"


@pytest.fixture(scope="module")
def images(bench, registries):
    """The images that are built already: one that was published elsewhere before, and one for each accident."""
    some = Some(bench.seed, "images")
    plain, slow, taken, refused, cut = (registries.image(some) for _ in range(5))
    registries.load([slow, taken, refused, cut])
    registries.load_from_elsewhere(plain)
    return SimpleNamespace(plain=plain, slow=slow, taken=taken, refused=refused, cut=cut)


@pytest.fixture(scope="module")
def image(images):
    """The image that nothing happens to."""
    return images.plain


@pytest.fixture(scope="module")
def registry(registries):
    """The registry that stays up."""
    return registries.first


def publish(script, registry, image):
    """What becomes of the student's script, called as in the lesson."""
    return script.begin(registry.address, image.name, image.version).wait(LIMIT)


@pytest.fixture(scope="module")
def published(script, registry, image):
    """What became of the script at its first call."""
    return publish(script, registry, image)


def test_it_publishes(published):
    """Called with the address of a registry, the name of an image and a version, the script ends with exit code 0"""
    published.expect(well=True)
    expect(published.left, NOTHING_LEFT, asked=published.asked)


@rests_on("test_it_publishes")
def test_both_tags_are_in_the_registry(registry, image, published):
    """The registry then has a repository of the image's name, with two tags: the version and `latest`"""
    expect(registry.tags(image.name), sorted([image.version, "latest"]))


@rests_on(BOTH_TAGS)
def test_both_tags_have_one_digest(registry, image, published):
    """Both tags have the same digest"""
    expect(registry.digest(image.name, "latest"), registry.digest(image.name, image.version))


@rests_on(BOTH_TAGS)
def test_it_is_the_image_that_was_built(registry, image, published):
    """What the registry has is the image as it was built: the same layers, in the same order"""
    expect(registry.diff_ids(image.name, image.version), image.diff_ids)


@rests_on(BOTH_TAGS)
def test_the_last_line_has_the_digest(registry, image, published):
    """The last line that the script prints is `REGISTRY/IMAGE@sha256:…`: the digest that the version has in the registry"""
    digest = registry.digest(image.name, image.version)
    expect(published.last_line, f"{registry.address}/{image.name}@{digest}", asked=published.asked)


@rests_on(BOTH_TAGS)
def test_published_again_it_uploads_nothing(script, registry, image, published):
    """Published again with nothing changed, it ends with exit code 0, uploads no layer, and the digest stays the same"""
    before = registry.digest(image.name, image.version)
    with registry.watch(image.name) as seen:
        again = publish(script, registry, image).expect(well=True)
    layers = registry.layers(image.name, image.version)
    expect([digest for digest in seen.uploaded if digest in layers], [], asked=again.asked)
    expect(registry.digest(image.name, image.version), before)


@rests_on(AS_BUILT, "test_the_last_line_has_the_digest", "test_published_again_it_uploads_nothing")
def test_it_runs_from_the_registry_alone(registry, image, published):
    """With every local copy removed, that line is all that is needed: the image is pulled by it, and runs as before"""
    registry.forget(image)
    registry.pull(published.last_line)
    expect(registry.printed_by(published.last_line), image.word)


@rests_on(AS_BUILT)
@beside()
def test_a_taken_version_stays(script, registry, registries, images, some):
    """If the registry has another image under that version, the script ends with an exit code other than 0, and no tag moves"""
    mine = images.taken
    theirs = registries.image(some, mine.name)
    before = registry.put(theirs, mine.name, mine.version, "latest")
    ended = publish(script.apart(), registry, mine)
    version, latest = (registry.digest(mine.name, tag) for tag in (mine.version, "latest"))
    expect(version, before)
    expect(latest, before)
    ended.expect(well=False)


@rests_on(AS_BUILT)
@beside()
def test_an_error_is_passed_on(script, registries, images):
    """If no registry answers at that address, the script ends with an exit code other than 0"""
    nowhere = SimpleNamespace(address=NOBODY)
    publish(script.apart(), nowhere, images.refused).expect(well=False)


@rests_on("test_an_error_is_passed_on")
@beside()
def test_a_refused_version_moves_nothing(script, registry, registries, images, some):
    """If the registry refuses the version, the script ends with an exit code other than 0, and `latest` does not move"""
    mine = images.refused
    before = registry.put(registries.image(some, mine.name), mine.name, "latest")
    with registry.watch(mine.name, refuse=mine.version) as seen:
        refused = publish(script.apart(), registry, mine)
    latest = registry.digest(mine.name, "latest")
    refused.expect(well=False)
    expect(latest, before)


@rests_on(AS_BUILT)
@beside()
def test_a_slow_registry_is_waited_for(script, registry, images):
    """A registry that takes some seconds is waited for: then both tags are there too"""
    with registry.watch(images.slow.name, slow=SLOW):
        ended = publish(script.apart(), registry, images.slow).expect(well=True)
    expect(ended.left, NOTHING_LEFT, asked=ended.asked)
    expect(registry.tags(images.slow.name), sorted([images.slow.version, "latest"]))


@pytest.fixture(scope="module")
@rests_on(AS_BUILT)  # so that it begins then
@beside()
def accident(bench, script, registries, images):
    """A push whose registry is killed half-way; then somebody presses Ctrl-C, and the registry is started again. What was seen of it."""
    registry, mine, script = registries.second, images.cut, script.apart()
    before = registry.put(registries.image(Some(bench.seed, "accident"), mine.name), mine.name, "latest")
    note = bench.drill("test_a_push_that_breaks_off").note
    words = (registry.address, mine.name, mine.version)
    with registry.watch(mine.name, hold=HALF_WAY) as seen, script.begin(*words) as running:
        note("script", f"publishes {mine.version}")
        until(lambda: seen.held.is_set() or running.has_ended(), LIMIT)
        until(lambda: seen.uploaded or running.has_ended(), 1)
        note("registry", f"has {len(seen.uploaded)} of the layers, and half of another")
        registry.kill()
        note("registry", "killed")
        cut = running.interrupt(PATIENCE)
        note("script", f"after Ctrl-C: {'still at work' if cut.code is None else f'exit code {cut.code}'}")
    registry.start()
    note("registry", "started again")
    return SimpleNamespace(
        script=script, before=before, cut=cut, arrived=len(seen.uploaded), was_held=seen.held.is_set()
    )


@rests_on("test_an_error_is_passed_on")
@beside()
def test_a_push_that_breaks_off(accident):
    """If the registry dies in mid-push and you press Ctrl-C, the script ends with an exit code other than 0"""
    cut = accident.cut
    if not accident.was_held and cut.code == 0:
        raise Unchecked("The script ended before a layer was half-way, so nothing could be broken off.")
    cut.expect(well=False)


@rests_on("test_both_tags_have_one_digest", "test_a_push_that_breaks_off")
@beside()
def test_done_again_it_is_complete(registries, images, accident, drill):
    """Done again, the push is completed: both tags lead to the new image"""
    registry, mine = registries.second, images.cut
    with registry.watch(mine.name) as seen:
        drill.note("script", f"publishes {mine.version} again")
        again = publish(accident.script, registry, mine)
        drill.note("script", f"exit code {again.code}")
    drill.note("registry", f"{len(seen.uploaded)} uploads; {accident.arrived} had arrived before")
    again.expect(well=True)
    version, latest = (registry.digest(mine.name, tag) for tag in (mine.version, "latest"))
    expect(version, wanted("another digest than before", lambda digest: digest not in (None, accident.before)))
    expect(latest, version)
