"""A compose file held against the tables in `settings`, setting by setting: what is left out is noted, what is refused is raised with its line.

The tables keep a stack inside its folder and its own network: nothing that reads or mounts a file outside, reaches other
containers, or gives a container more rights.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

import yaml

from workshop.composefile import shapes
from workshop.composefile.settings import (
    BUILD,
    DEPLOY,
    ELSEWHERE,
    FILE,
    HEALTH,
    KEYS,
    OWNERS,
    PATHS,
    RESOLVED,
    SERVICE,
    No,
    Rule,
    keep,
)
from workshop.composefile.written import AsWritten, Budget, is_nothing, line_of
from workshop.outcomes import NotUp

TAGS = ("tag:yaml.org,2002:", "!reset", "!override")  # the last two are Compose's own, for a file over another
HOMES = {
    "healthcheck": HEALTH,
    "build": BUILD,
    "deploy": DEPLOY,
}  # settings of a service that have settings of their own
MEANT = {
    "env": "environment",
    "envs": "environment",
    "cmd": "command",
    "run": "command",
    "from": "image",
    "dir": "working_dir",
    "workdir": "working_dir",
    "mem": "mem_limit",
    "memory": "mem_limit",
    "mounts": "volumes",
}  # names in short, or those of a Dockerfile, that are spelt too unlike the setting


class Refused(NotUp):
    """A setting that is not run here."""


def judge(written: AsWritten) -> None:
    """Raises Refused if the file holds a setting that is not run, NotUp if one stands there twice."""
    _Judge(written).look(written.root, FILE, ())


class _Judge:
    def __init__(self, written: AsWritten) -> None:
        self.written, self.budget = written, Budget()

    def look(self, node: yaml.Node, rule: Rule, path: tuple[str, ...]) -> None:
        rules = rule if isinstance(rule, tuple) else (rule,)
        if not node.tag.startswith(TAGS):
            raise self.refused("yaml_tag", node, f"the tag `{node.tag}` is not run here. Remove it.", node.tag)
        if isinstance(node, yaml.SequenceNode):
            self.budget.spend(node)
            for item in node.value:
                self.look(item, rule, path)
        elif isinstance(node, yaml.MappingNode):
            found = list(self.budget.pairs(node))
            self.once(node, found)
            settings = next((one for one in rules if isinstance(one, dict)), None)
            for key, value in found:
                below = keep if settings is None else self.rule_of(settings, key, value, path)
                if settings and KEYS in settings:
                    self.check(settings[KEYS], key, (*path, key.value))
                self.look(value, below, (*path, key.value))
        else:
            self.budget.read(node)
            for check in rules:
                if callable(check) and node.value:
                    self.check(check, node, path)

    def check(self, check: Callable[..., str | None], node: yaml.Node, path: tuple[str, ...]) -> None:
        """Raises Refused if a check has a fault to find with a text."""
        value = str(node.value)
        if (
            check in RESOLVED
        ):  # in a file of a folder below, a way up as far as the student's folder leads nowhere else
            for _ in range(self.written.name.count("/")):
                value = "." if value == ".." else value.removeprefix("../")
        if fault := check(value):
            shown = f"{path[-1]}: {node.value}" if path and path[-1] != node.value else str(node.value)
            mistake = "path_out_of_the_folder" if check in PATHS else "value_not_run_here"
            raise self.refused(mistake, node, f"`{shown[:100]}` {fault}.", shown[:200])

    def once(self, node: yaml.MappingNode, found: list[tuple[yaml.ScalarNode, yaml.Node]]) -> None:
        """Raises Refused if a name in it, or in what `<<` merges into it, is no text, NotUp if one stands there twice."""
        seen: dict[str, int] = {}
        for key, _ in (*found, *node.value):
            if not isinstance(key, yaml.ScalarNode):
                raise self.refused(
                    "not_a_name", key, "a list or mapping is no name. Is there one `:` too many?", "no name"
                )
            self.budget.read(key)
        for key, _ in node.value:
            if key.value in seen:
                lines = f"lines {seen[key.value]} and {line_of(key)}"
                hint = f"{self.written.name} has `{key.value}` twice, on {lines}. Put both into one."
                raise NotUp(hint, mistake="setting_twice", expected=f"`{key.value}` once", actual=lines)
            seen[key.value] = line_of(key)

    def rule_of(self, settings: dict[str, Rule], key: yaml.Node, value: yaml.Node, path: tuple[str, ...]) -> Rule:
        name = str(key.value)
        if name.startswith("x-"):
            return keep
        rule = settings.get(name, settings.get("*"))
        if rule is None:
            raise self.unknown(settings, key, value, path)
        if isinstance(rule, No):
            if not asks_for_nothing(value):
                text = f"a stack with `{name}` is not run here: {rule.reason}. Remove it."
                raise self.refused("setting_not_run_here", key, text, name)
            return keep
        if rule is ELSEWHERE:
            self.written.left_out.append(f"`{name}` (line {line_of(key)})")
            return keep
        return rule

    def unknown(self, settings: dict[str, Rule], key: yaml.Node, value: yaml.Node, path: tuple[str, ...]) -> NotUp:
        """What is seen of a name that is in no table: something of another shape than it should have, else a slip of the pen."""
        name = str(key.value)
        if fault := shapes.first(self.written):
            return fault
        if len(path) == 2 and path[0] == "services" and path[1] in FILE:
            text = f"`{path[1]}` is below `services`, so it is taken for a service. Start it at the left edge."
            return self.refused("section_below_services", key, text, f"services: {path[1]}: {name}")
        if len(path) == 2 and (home := next((home for home, table in HOMES.items() if name in table), None)):
            text = f"`{name}` is a setting of `{home}`. It stands below `{home}:`, indented further."
            return self.refused("setting_of_another", key, text, name)
        if len(path) == 3 and path[2] in HOMES and name in SERVICE:
            text = f"`{name}` is a setting of the service, and stands below `{path[2]}` here. Indent it less."
            return self.refused("indented_too_far", key, text, name)
        owner = "the file" if not path else OWNERS.get(path[0], "it") if len(path) == 2 else f"`{path[-1]}`"
        known = [one for one in settings if one not in ("*", "x-*", KEYS)]
        meant = [one for one in [MEANT.get(name.lower())] if one in settings]
        if near := meant or difflib.get_close_matches(name, known, 1, 0.7):
            text = f"{owner} has no setting `{name}`. Do you mean `{near[0]}`?"
            return self.refused("setting_misspelt", key, text, name)
        if not path and shapes.looks_like_a_service(value):
            text = f"`{name}` looks like a service and is outside of `services:`. Indent it."
            return self.refused("service_outside_of_services", key, text, name)
        told = f"`{name}` is not among the settings of {owner} that are run here."
        text = f"{told} Is it indented as it should be? If so, remove it."
        return self.refused("unknown_setting", key, text, name)

    def refused(self, mistake: str, node: yaml.Node, text: str, shown: str) -> Refused:
        line = line_of(node)
        hint = f"{self.written.name}, line {line}: {text}"
        return Refused(hint, mistake=mistake, actual=f"line {line}: {shown}")


def asks_for_nothing(node: yaml.Node) -> bool:
    """Whether a value is `false`, an empty text or an empty list."""
    if isinstance(node, yaml.ScalarNode):
        return is_nothing(node) or node.value.lower() in ("", "false", "no", "off")
    return not node.value
