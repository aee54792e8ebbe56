"""Markdown as HTML, for the pages at `/docs`: anchors, coloured code, tables that scroll, links between the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from infra.docs import diagram
from infra.docs.contents import by_source

#: Stands in front of every link to a page; the reply puts in the way from the page that is asked for.
BASE = "@docs/"

_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_FORMAT = HtmlFormatter(nowrap=True, classprefix="t-")
#: Languages whose name the highlighter does not know.
_LEXERS = {"console": "console", "js": "javascript"}
_PLAIN = {"", "text", "csv"}


def render(text: str, source: Path) -> str:
    """A page's text, which is in this file, as HTML. Links to other pages begin with `BASE`."""
    parser = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")
    return str(parser.render(_COMMENT.sub("", text), {"source": source, "anchors": {}}))


def inline(text: str, source: Path) -> str:
    """A line of text as HTML, without a paragraph around it."""
    parser = MarkdownIt("commonmark", renderer_cls=_Renderer)
    return str(parser.renderInline(text, {"source": source, "anchors": {}}))


def code(text: str, language: str) -> str:
    """A block of code, coloured."""
    text = "\n".join(text.rstrip().splitlines())
    if language in _PLAIN:
        coloured = escape(text, quote=False)
    else:
        coloured = highlight(text, get_lexer_by_name(_LEXERS.get(language, language)), _FORMAT).rstrip("\n")
    named = f' data-language="{escape(language)}"' if language else ""
    return f'<div class="code"{named}><pre tabindex="0"><code>{coloured}\n</code></pre></div>\n'


def anchor(heading: str, taken: dict[str, int]) -> str:
    """The anchor of a heading: lower case, hyphens for blanks, no punctuation; a number when it comes again."""
    plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    count = taken.get(plain, 0)
    taken[plain] = count + 1
    return f"{plain}-{count}" if count else plain


class _Renderer(RendererHTML):
    """What differs from plain HTML. `env` holds the page's file and the anchors that are taken."""

    def heading_open(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        text = "".join(child.content for child in tokens[index + 1].children or ())
        return f'<{tokens[index].tag} id="{anchor(text, env["anchors"])}">'

    def fence(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        language = tokens[index].info.strip().partition(" ")[0]
        return diagram.render() if language == "mermaid" else code(tokens[index].content, language)

    def table_open(self, *_: Any) -> str:
        # It scrolls sideways on a narrow screen, so the keyboard has to reach it.
        return '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        # A header of nothing heads nothing.
        tokens[index].tag = "th" if tokens[index + 1].content else "td"
        return self.renderToken(tokens, index, options, env)

    def th_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        tokens[index].tag = "th" if tokens[index - 1].content else "td"
        return self.renderToken(tokens, index, options, env)

    def td_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        if tokens[index + 1].content == "pass":
            tokens[index].attrSet("class", "pass")
        return self.renderToken(tokens, index, options, env)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        target = _target(str(token.attrGet("href") or ""), env["source"])
        if target is None:
            # Source files are not served; their names stay as text.
            token.tag, token.attrs = "span", {}
        else:
            token.attrSet("href", target)
        return self.renderToken(tokens, index, options, env)

    def link_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        opened = next(token for token in reversed(tokens[:index]) if token.type == "link_open")
        tokens[index].tag = opened.tag
        return self.renderToken(tokens, index, options, env)


def _target(href: str, source: Path) -> str | None:
    """Where a link of a page leads among the pages; None when it is to a file that is none."""
    if re.match(r"[a-z]+:|#", href):
        return href
    path, _, fragment = href.partition("#")
    page = by_source().get((source.parent / path).resolve())
    if page is None:
        return None
    return BASE + page.slug + (f"#{fragment}" if fragment else "")
