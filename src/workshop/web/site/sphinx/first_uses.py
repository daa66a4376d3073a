"""An extension of Sphinx: on each page of the course, the first use of a word of the glossary leads there."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes

COURSE = ("lessons/", "notebooks/")
LEFT_ALONE = (
    *(nodes.literal, nodes.literal_block, nodes.reference, nodes.title, nodes.raw, nodes.strong),
    *(addnodes.pending_xref, addnodes.download_reference),
)


def is_left_alone(text: nodes.Node) -> bool:
    """Whether a piece of text is code, a heading, a link already, or the bold word that is being explained."""
    above = text.parent
    while above is not None:
        if isinstance(above, LEFT_ALONE):
            return True
        above = above.parent
    return False


def link(app: Any, doctree: nodes.document) -> None:
    """Makes the links of one page."""
    unlink(doctree)
    page, terms = app.env.docname, {term.lower(): term for term in app.config.course_terms}
    if not page.startswith(COURSE) or not terms:
        return
    longest_first = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![\w-])({longest_first})(?:e?s)?(?![\w-])", re.IGNORECASE)
    seen: set[str] = set()
    for text in [one for one in doctree.findall(nodes.Text) if not is_left_alone(one)]:
        made: list[nodes.Node] = []
        words, end = str(text), 0
        for found in pattern.finditer(words):
            term = terms[found[1].lower()]
            if term in seen:
                continue
            seen.add(term)
            made += [nodes.Text(words[end : found.start()]), _link(term, found[0], page)]
            end = found.end()
        if made:
            text.parent.replace(text, [*made, nodes.Text(words[end:])])


def _link(term: str, words: str, page: str) -> nodes.Node:
    asked = {"refdomain": "std", "reftype": "term", "reftarget": term, "refdoc": page, "refexplicit": True}
    made = addnodes.pending_xref("", refwarn=True, **asked)
    made += nodes.inline(words, words, classes=["first-use"])
    return made


def unlink(doctree: nodes.document) -> None:
    """A link to a file of the checkout that is no page of the site, such as `../../app`: its words stay."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        if node.get("reftype") == "myst" and node["reftarget"].startswith("../../"):
            node.parent.replace(node, node.children)


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_config_value("course_terms", [], "env", [list])
    app.connect("doctree-read", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
