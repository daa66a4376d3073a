"""A lesson's text as a page for a browser."""

from __future__ import annotations

from html import escape
from pathlib import Path

STYLE = """
:root { color-scheme: light dark }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 system-ui, sans-serif }
pre { padding: 0.7rem 1rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: 6px }
code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.9em }
img { max-width: 100% } table { border-collapse: collapse } td, th { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top }
summary { cursor: pointer; font-weight: 600 }
"""


def page(markdown: str, title: str, folder: Path) -> str:
    """The text as HTML. Pictures and links in it are looked for in `folder`."""
    import mistune  # loaded for whoever reads in a browser

    render = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><base href="{folder.resolve().as_uri()}/"><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{render(markdown)}\n</body></html>\n'
