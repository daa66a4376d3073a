"""What the pages of a class share: their look in light and dark, and a policy under which nothing in them can run or load."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

from workshop.reports.wrapping import plain

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #57606a; --ground: #ffffff; --line: #d0d7de; --panel: #f6f8fa; --link: #0550ae;
  --good: #cfe9d4; --fair: #e4ecc0; --poor: #fbe3b4; --bad: #f9cfc6; --none: #e3e7eb; --open: #dcd3f4 }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --soft: #a8b3c0; --ground: #0d1117; --line: #3d444d; --panel: #151b23; --link: #8ab8ff;
  --good: #1d4a2a; --fair: #434a14; --poor: #5c4310; --bad: #6b2418; --none: #2a313c; --open: #43347a } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 76rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
h1 { font-size: 1.6rem; margin: 0.4rem 0 } h2 { font-size: 1.2rem; margin: 2.2rem 0 0.6rem } h3 { font-size: 1rem; margin: 1.4rem 0 0.3rem }
a { color: var(--link) } p { max-width: 46rem } .soft { color: var(--soft) }
pre { margin: 0.2rem 0 0.6rem; padding: 0.6rem 0.8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; font: 0.88rem/1.45 ui-monospace, Menlo, Consolas, monospace }
code { font: 0.92em ui-monospace, Menlo, Consolas, monospace }
summary { cursor: pointer; font-weight: 600 }
.scroll { overflow: auto; max-height: 85vh; border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums }
th, td { padding: 0.25rem 0.6rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top }
thead th { position: sticky; top: 0; background: var(--panel); z-index: 1 } tbody th { position: sticky; left: 0; background: var(--ground); font-weight: 500 }
.heat td, .heat thead th + th { text-align: right } thead th { white-space: nowrap } .heat td a { color: inherit }
.good { background: var(--good) } .fair { background: var(--fair) } .poor { background: var(--poor) } .bad { background: var(--bad) } .none { background: var(--none) } .open { background: var(--open) }
ul.checks { list-style: none; padding: 0 } ul.checks > li { padding: 0.3rem 0 0.3rem 1.6rem; text-indent: -1.6rem } ul.checks > li > * { text-indent: 0 }
dl { margin: 0.3rem 0 0.6rem; text-indent: 0 } dt { color: var(--soft); font-size: 0.9rem } dd { margin: 0 }
.key span { padding: 0.1rem 0.5rem; border-radius: 4px; margin-right: 0.4rem; white-space: nowrap }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
@media (max-width: 34rem) { tbody th { position: static } th, td { padding: 0.2rem 0.4rem } }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def document(title: str, body: str) -> str:
    """A page that runs nothing and loads nothing. `body` is HTML in which every text has been through `text`."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{text(title)}</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n<main>\n{body}\n</main>\n</body></html>\n'


def text(words: object) -> str:
    """A text as it can stand in a page, in an attribute too; a stranger may have written it."""
    return escape(plain(str(words)), quote=True)


def claim(words: str) -> str:
    """A promise as it stands in a page: what is between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words))
