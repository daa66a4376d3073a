"""What has another shape than Compose expects: a list for a mapping, a text for a list, a number for a duration.

Looked through only once Compose, or the tables, do not take a file: from the top, and the first fault is told at its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from workshop.composefile.settings import SERVICE
from workshop.composefile.written import AsWritten, is_nothing, line_of, pairs
from workshop.outcomes import NotUp

LISTS = ("ports", "volumes", "expose", "secrets", "configs", "profiles", "cap_drop", "cap_add", "security_opt")
NAMED = ("environment", "labels", "sysctls", "extra_hosts", "depends_on", "networks")  # a list, or a mapping by name
MAPPINGS = ("healthcheck", "deploy", "logging", "ulimits")
WORDS = ("command", "entrypoint", "env_file", "tmpfs")  # a text, or a list of texts
TEXTS = ("image", "restart", "container_name", "user", "working_dir", "hostname", "platform", "stop_signal")
DURATIONS = ("interval", "timeout", "start_period", "start_interval", "stop_grace_period")
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")
LONG_FORM = {"ports": "target", "volumes": "target"}
INSTEAD = {
    "ports": '- "127.0.0.1::5000"',
    "volumes": "- data:/data",
    "environment": "REDIS_URL: redis://redis:6379/0",
    "depends_on": "- redis",
    "networks": "- inside",
    "healthcheck": "test: …",
}
Fault = tuple[str, yaml.Node | int, str]  # the mistake's name, where, and the words


def looks_like_a_service(node: yaml.Node) -> bool:
    """Whether a value is a mapping with an image, or something to build one from."""
    return isinstance(node, yaml.MappingNode) and bool({"image", "build"} & {str(key.value) for key, _ in pairs(node)})


def first(written: AsWritten) -> NotUp | None:
    """The first value of another shape than Compose expects, in the file or one that is read with it; None if there is none."""
    for one in (written, *written.beside):
        for mistake, where, words in _faults(one.root):
            line = where if isinstance(where, int) else line_of(where)
            shown = one.root.start_mark.buffer.splitlines()[line - 1].strip() if one.root.start_mark.buffer else ""
            hint = f"{one.name}, line {line}: {words}"
            asked = "docker compose config"
            return NotUp(hint, mistake=mistake, asked=asked, actual=f"line {line}: {shown[:200]}".rstrip(": "))
    return None


def _faults(root: yaml.Node) -> Iterator[Fault]:
    for section, value in _pairs(root):
        if section.value != "services":
            continue
        if isinstance(value, yaml.SequenceNode):
            yield (
                "services_as_a_list",
                section,
                "`services` is a list here. Take the dashes off: below it stands each service by its name.",
            )
        elif isinstance(value, yaml.ScalarNode) and not is_nothing(value):
            yield (
                "services_without_names",
                section,
                "`services` holds one text. Below it, indented, stands each service by its name.",
            )
        beside = [
            str(key.value) for key, below in _pairs(value) if key.value in SERVICE and not looks_like_a_service(below)
        ]
        for name, service in _pairs(value):
            if name.value in beside:
                continue
            yield from _service(name, service, beside)


def _service(name: yaml.ScalarNode, service: yaml.Node, beside: list[str]) -> Iterator[Fault]:
    if is_nothing(service) and beside:
        listed = ", ".join(f"`{one}`" for one in beside[:4])
        yield (
            "keys_beside_the_service",
            name,
            f"`{name.value}:` has nothing below it: {listed} begin in the same column as it, so they are taken for "
            "services. What belongs to a service is indented further than its name.",
        )
    elif is_nothing(service):
        yield "nothing_below", name, _nothing_below(str(name.value), "image: …")
    elif isinstance(service, yaml.SequenceNode):
        yield "dashes_in_a_service", name, f"the settings of `{name.value}` are a list here. Take the dashes off."
    elif isinstance(service, yaml.ScalarNode):
        yield (
            "service_as_a_text",
            name,
            f"`{name.value}` is one text. Its settings stand below it, each as `name: value`.",
        )
    for key, value in _pairs(service):
        yield from _setting(key, value)


def _setting(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    name = str(key.value)
    is_text = isinstance(value, yaml.ScalarNode)
    if is_nothing(value) and name in (*LISTS, *NAMED, *MAPPINGS, *TEXTS, "build", "env_file"):
        yield "nothing_below", key, _nothing_below(name, INSTEAD.get(name))
    elif name in LISTS and not isinstance(value, yaml.SequenceNode):
        yield (
            "list_without_dashes",
            key,
            f"`{name}` is a list: {_below(name, '- …')}, each item after a dash and a space.",
        )
    elif name in LISTS:
        yield from _items(name, value)
    elif name in ("environment", "labels") and is_text:
        words = f"`{name}` has one text beside it. {_variables(name, str(value.value))}"
        yield "variables_in_one_line", key, words
    elif name == "depends_on":
        yield from _depends_on(key, value)
    elif name in NAMED and is_text:
        yield "name_beside_its_setting", key, f"`{name}` has one text beside it. Names stand {_below(name, '- …')}."
    elif name in NAMED:
        yield from _named(name, value)
    elif name in MAPPINGS and is_text:
        yield "setting_beside_its_name", key, f"`{name}` has settings of its own, {_below(name, 'name: value')}."
    elif name in MAPPINGS and isinstance(value, yaml.SequenceNode):
        yield "dashes_for_settings", value, f"`{name}` has settings, not a list. Take the dashes off."
    elif name == "healthcheck":
        for inner, below in _pairs(value):
            yield from _healthcheck(inner, below)
    elif name in WORDS:
        yield from _words(key, value)
    elif name in TEXTS and not is_text:
        yield "list_for_a_text", key, f"`{name}` is one text, on the same line."
    elif (
        name in TEXTS
        and value.tag.endswith((":bool", ":int", ":float"))
        and name in ("restart", "user", "stop_signal")
    ):
        if not (name == "restart" and value.value.lower() == "no"):
            yield (
                "text_without_quotes",
                value,
                f'YAML reads `{value.value}` as no text. Put it into quotes: {name}: "{value.value}".',
            )
    elif name == "build" and isinstance(value, yaml.SequenceNode):
        yield "list_for_a_text", key, "`build` is a folder, on the same line: `build: .`"
    elif name in DURATIONS:
        yield from _duration(key, value)


def _items(name: str, value: yaml.Node) -> Iterator[Fault]:
    for item in value.value:
        names = [str(key.value) for key, _ in _pairs(item)]
        if names and name in LONG_FORM and LONG_FORM[name] not in names:
            (key, below), *_ = _pairs(item)
            short = f"{key.value}:{below.value}" if isinstance(below, yaml.ScalarNode) else f"{key.value}:…"
            yield (
                "space_after_the_colon",
                item,
                f'a space after the `:` makes a name and its value of it. Write it as one text, without the space: "{short}".',
            )
        elif names and name not in LONG_FORM and name not in ("secrets", "configs"):
            yield "dash_and_colon", item, f"each item of `{name}` is one text."
        elif isinstance(item, yaml.SequenceNode):
            yield "list_in_a_list", item, f"an item of `{name}` is a list. One dash is enough."


def _named(name: str, value: yaml.Node) -> Iterator[Fault]:
    if isinstance(value, yaml.SequenceNode):
        for item in value.value:
            for key, below in list(_pairs(item))[:1]:
                shown = below.value if isinstance(below, yaml.ScalarNode) else "…"
                yield (
                    "dash_and_colon",
                    item,
                    f"`{name}` is a list here, since its items have dashes; the items of a list are written `NAME=value`. "
                    f"Take the dash off (`{key.value}: {shown}`), or write = for the colon (`- {key.value}={shown}`).",
                )
    elif name != "networks":
        for key, below in _pairs(value):
            if not isinstance(below, yaml.ScalarNode):
                yield (
                    "variable_without_a_text",
                    key,
                    f"`{key.value}` in `{name}` needs one text as its value, on the same line.",
                )


def _depends_on(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    long_form = "`redis:` below `depends_on:`, and `condition: service_healthy` below `redis:`, each indented further"
    if isinstance(value, yaml.ScalarNode):
        yield (
            "name_beside_its_setting",
            key,
            f"`depends_on` has one text beside it. Services stand below it: `- {value.value}`; or with a condition, {long_form}.",
        )
    for item in value.value if isinstance(value, yaml.SequenceNode) else ():
        if isinstance(item, yaml.MappingNode):
            yield (
                "condition_in_a_list",
                item,
                f"the short form of `depends_on` is a list of names; a condition needs the long form, which has no dash: {long_form}.",
            )
    for name, below in _pairs(value):
        if name.value == "condition":
            yield (
                "condition_without_a_service",
                name,
                f"`condition` stands where the name of a service belongs. {long_form[0].upper()}{long_form[1:]}.",
            )
        elif not isinstance(below, yaml.MappingNode):
            told = "nothing below it" if is_nothing(below) else "no `condition:` below it"
            if str(below.value).startswith("condition:"):
                told = f"`{below.value}` below it, without a space behind the colon"
            yield (
                "condition_missing",
                name,
                f"`{name.value}` has {told}. In the long form comes `condition: service_healthy`, on a line of its own, indented further.",
            )


def _healthcheck(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    name = str(key.value)
    if name == "test" and isinstance(value, yaml.MappingNode):
        yield (
            "health_test_as_a_mapping",
            key,
            '`test` is a command: a line, or a list as ["CMD", "redis-cli", "ping"].',
        )
    elif name in DURATIONS:
        yield from _duration(key, value)
    elif (
        name == "retries"
        and isinstance(value, yaml.ScalarNode)
        and "$" not in value.value
        and not value.value.isdigit()
    ):
        yield "number_of_retries", value, f"`retries` is a number of tests; `{value.value}` is none."


def _duration(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    text = str(value.value) if isinstance(value, yaml.ScalarNode) else "…"
    if "$" in text or DURATION.fullmatch(text) or (text == "0" and value.tag.endswith(":str")):
        return
    number = text if re.fullmatch(r"\d+(?:\.\d+)?", text) else "5"
    yield (
        "duration_without_its_unit",
        key,
        f"`{key.value}` is a duration, and `{text}` is none: a number and, right behind it, its unit: `{number}s`, `1m30s`.",
    )


def _words(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    name = str(key.value)
    if isinstance(value, yaml.MappingNode) and name != "env_file":
        yield (
            "mapping_for_a_command",
            key,
            f"`{name}` is a text or a list; a `:` with a space behind it makes a name of what stands before. Put the line into quotes.",
        )
    for item in value.value if isinstance(value, yaml.SequenceNode) else ():
        if isinstance(item, yaml.MappingNode) and name != "env_file":
            yield (
                "mapping_for_a_command",
                item,
                "a `:` with a space behind it makes a name of what stands before. Put the item into quotes.",
            )
        elif isinstance(item, yaml.ScalarNode) and not item.tag.endswith(":str"):
            yield (
                "text_without_quotes",
                item,
                f'YAML reads `{item.value}` as no text. Put it into quotes: "{item.value}".',
            )


def _pairs(node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from pairs(node)


def _below(name: str, item: str) -> str:
    return f"below it, indented: `{INSTEAD.get(name, item)}`"


def _nothing_below(name: str, instead: str | None) -> str:
    told = f": `{instead}`" if instead else ""
    return f"`{name}:` has nothing below or beside it. Indent what belongs to it{told}, or remove it."


def _variables(name: str, text: str) -> str:
    if name != "environment" or "=" not in text:
        return "Below it, indented, each stands on a line of its own, as `NAME: value`."
    before, _, after = text.partition("=")
    return f"Put it below, indented: `{before}: {after}`, or as a list with a dash, `- {text}`."
