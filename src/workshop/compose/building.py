"""The images of a stack: pulled, or built from what is inside the folder."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from workshop.compose import looking
from workshop.compose.ends import Watched
from workshop.engine import builds, images
from workshop.outcomes import NotUp, Unchecked


def image_of(stack: Watched, name: str, made: dict[str, images.Image]) -> str:
    """The image of a service. `made` keeps what was built, for copies of the stack and for services that are built alike.

    Raises NotUp if it cannot be built or no registry has it, Unchecked if it cannot be had here.
    """
    service = stack.config["services"][name]
    build = service.get("build")
    if not build:
        if service["image"].startswith("-"):  # docker would take it for a flag
            raise looking.of_image(stack, name, service["image"], "invalid reference format")
        try:
            images.need_image(service["image"])
        except images.NoSuchImage as error:
            raise looking.of_image(stack, name, service["image"], error.actual or "") from None
        except Unchecked as error:
            raise Unchecked(f"{error.hint}{like(stack, service['image'])}", actual=error.actual) from None
        return str(service["image"])
    context, inline = Path(build["context"]), build.get("dockerfile_inline")
    file = build.get("dockerfile") or "Dockerfile"
    named = {key: Path(place) for key, place in (build.get("additional_contexts") or {}).items()}
    for place in (context, context / file, *named.values()):
        if stack.folder not in (place.resolve(), *place.resolve().parents):
            hint = f"{stack.as_written.where('services', name, 'build')}: `{name}` is built from a place outside the folder."
            raise NotUp(hint, mistake="built_outside_the_folder", actual=place.name)
    if not inline and (missing := looking.of_build(stack, name, context, file)):
        raise missing
    inside = str(context.relative_to(stack.folder))
    settings = ("target", "args", "additional_contexts", "secrets")
    key = json.dumps([inside, file, inline, *(build.get(setting) for setting in settings)], sort_keys=True)
    if key not in made:
        flags = ["--target", build["target"]] if build.get("target") else []
        for argument, value in (build.get("args") or {}).items():
            flags += ["--build-arg", f"{argument}={value.replace('$$', '$')}"] if value is not None else []
        for other, place in named.items():
            flags += ["--build-context", f"{other}={place}"]
        for secret in build.get("secrets") or []:
            source = (stack.config.get("secrets") or {}).get(secret["source"], {}).get("file")
            if source and stack.folder in Path(source).resolve().parents:
                flags += ["--secret", fields(f"id={secret.get('target') or secret['source']}", f"src={source}")]
        text = inline.replace("$$", "$") if inline else None
        made[key] = builds.build(stack.run, context, flags=flags, file=file, inline=text)
    return made[key].id


def fields(*words: str) -> str:
    """Words as one flag of docker's that takes several: a comma in a word begins no other, as `env=` for a variable of the grader's."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(words)
    return line.getvalue()


def like(stack: Watched, image: str) -> str:
    """A sentence on the images here whose name is, but for registry and tag, that of one which is not; or nothing."""
    wanted = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    listed = stack.run.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").out.split()
    there = [one for one in listed if one.rpartition("/")[2].partition(":")[0] == wanted and not one.endswith(">")]
    names = ", ".join(f"`{one}`" for one in there[:5])
    return f" Here already: {names}." if names else ""
