"""Text in the columns of a terminal: broken between words, with wide characters counted as wide."""

from __future__ import annotations

import re
import unicodedata


def plain(text: str) -> str:
    """The text without what a page, a terminal or an XML reader would take for more than a character; lines stay."""
    if text.isprintable():  # nearly all of them, and a class has tens of thousands
        return text
    return "".join(
        sign if sign in "\n\t" or unicodedata.category(sign)[0] != "C" else " " for sign in text.replace("\r\n", "\n")
    )


def columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


WORDS = re.compile(r"\s*(?:[^\s`]*`[^`]{1,30}`\S*|\S+)")  # a command in backticks is one with its blanks
SHELL_WORDS = re.compile(r"""\s*(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")  # what stands in quotes is one with its blanks


def wrapped(text: str, width: int, hang: str = "", cut: bool = False, words: re.Pattern[str] = WORDS) -> list[str]:
    """The lines of a text, none wider than `width` where its words allow it; `hang` stands before all but the first.

    With `cut`, a word that is wider than a whole line is cut, as a value may be.
    """
    lines, line = [], ""
    for piece in words.findall(text):
        if line and columns(line + piece) > width:
            lines.append(line)
            line = hang + piece.lstrip()
        else:
            line += piece
        while cut and columns(line) > width > len(hang) + 1:
            lines.append(_head(line, width))
            line = hang + line[len(lines[-1]) :]
    return [*lines, line]


def paragraphs(markdown: str) -> str:
    """A text with each paragraph on one line, to be broken anew; code, lists and tables stay as they are."""
    made: list[str] = []
    in_code, goes_on = False, False
    for line in markdown.splitlines():
        is_fence = line.lstrip().startswith("```")
        stays = in_code or is_fence or not line.strip() or re.match(r"\s*(?:[-*|#>]|\d+\.) ", line)
        if goes_on and not stays:
            made[-1] += " " + line.strip()
        else:
            made.append(line)
        in_code ^= is_fence
        goes_on = not in_code and not is_fence and bool(line.strip())
    return "\n".join(made)


def shortened(text: str, width: int) -> str:
    """The text, or as many of its words as `width` columns hold, and an ellipsis."""
    if columns(text) <= width:
        return text
    return wrapped(text, width - 2)[0].rstrip(" ,;:") + " …"


def _head(text: str, width: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _columns_of(character)
        if taken > width:
            return text[:place]
    return text
