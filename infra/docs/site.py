"""The pages that a deployment serves at `/docs`, made from `docs/`, and the list of what goes with them.

Each page is a fragment; the reply puts it into the frame, which has the navigation. Assets are served under names that
carry a digest of their content, so that they may be kept for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from html import escape, unescape
from pathlib import Path

from infra.docs import contents, markdown, reference

ROOT = contents.ROOT
TARGET = ROOT / "chalicelib" / "surfaces" / "site" / "pages"
ASSETS = TARGET.with_name("assets")

#: The front page's name among the fragments.
FRONT = "index"
TRY_IT = "try-it"
_CONSOLE_STYLES = ("swagger-ui/swagger-ui.css", "try-it.css")
_CONSOLE_SCRIPTS = ("swagger-ui/swagger-ui-bundle.js", "try-it.js")
_HEADING = re.compile(r'<h2 id="([^"]+)">(.+?)</h2>')
_SECTION = re.compile(r'<h[23] id="([^"]+)">(.+?)</h[23]>')
#: The searchable headings, seen from the folder of assets.
_SEARCH = "../pages/search.json"
_MARKUP = re.compile(r"<[^>]+>")


def files() -> dict[Path, str]:
    """Every file of the pages with its text."""
    assets = {_hashed(path): path.relative_to(ASSETS).as_posix() for path in sorted(_served())}
    names = {path: name for name, path in assets.items()}
    pages = {FRONT: ("Documentation", _front()), TRY_IT: ("Try it", _try_it(names))}
    pages |= {page.slug: (page.title, _fragment(page)) for page in contents.pages()}
    listed = {"pages": {slug: title for slug, (title, _) in pages.items()}, "assets": assets}
    texts = {f"{slug}.html": text for slug, (_, text) in pages.items()}
    found = _headings(pages)
    names[_SEARCH] = _named(Path(_SEARCH), found.encode())
    assets[names[_SEARCH]] = _SEARCH
    texts["search.json"] = found
    texts["frame.html"] = _frame(names)
    texts["pages.json"] = json.dumps(listed, indent=1, ensure_ascii=False) + "\n"
    return {TARGET / name: text for name, text in texts.items()}


def _served() -> list[Path]:
    return [path for path in ASSETS.rglob("*") if path.suffix in {".css", ".js", ".svg"}]


def _hashed(path: Path) -> str:
    return _named(path, path.read_bytes())


def _named(path: Path, content: bytes) -> str:
    return f"{path.stem}-{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"


def _headings(pages: Mapping[str, tuple[str, str]]) -> str:
    """What can be searched for: the headings of every page, by its name, each with its anchor."""
    found = {
        slug: [title, *([anchor, unescape(_MARKUP.sub("", text))] for anchor, text in _SECTION.findall(fragment))]
        for slug, (title, fragment) in pages.items()
    }
    return json.dumps(found, ensure_ascii=False, indent=0) + "\n"


def _fragment(page: contents.Page) -> str:
    if page.source.suffix == ".yaml":
        return _with_outline(reference.render(page.source))
    return _with_outline(markdown.render(page.source.read_text("utf-8"), page.source))


def _front() -> str:
    """The front page: what comes before the sections, then the sections as cards."""
    before = contents.CONTENTS.read_text("utf-8").partition("\n## ")[0]
    sections = "".join(
        f'<h2>{escape(section.title)}</h2>\n<ul class="cards">\n{"".join(map(_card, section.pages))}</ul>\n'
        for section in contents.sections()
    )
    return (
        f'<article class="wide front">\n{markdown.render(before, contents.CONTENTS)}'
        f'<p class="begin"><a href="{markdown.BASE}quick-start">Quick start</a> '
        f'<a href="{markdown.BASE}{TRY_IT}">Try it in the browser</a></p>\n{sections}</article>\n'
    )


def _card(page: contents.Page) -> str:
    summary = markdown.inline(page.summary, contents.CONTENTS)
    if page.source.suffix == ".yaml":
        summary = "Every request, field and answer"
    return f'<li><a href="{markdown.BASE}{page.slug}">{escape(page.title)}</a> <span>{summary}</span></li>\n'


def _with_outline(text: str) -> str:
    """A page with the list of its sections before it, when it has a few."""
    headings = _HEADING.findall(text)
    article = f"<article>\n{text}</article>\n"
    if len(headings) < 3:
        return article
    entries = "".join(f'<li><a href="#{anchor}">{_MARKUP.sub("", title)}</a></li>' for anchor, title in headings)
    outline = f'<nav class="outline" aria-label="On this page"><h2>On this page</h2><ul>{entries}</ul></nav>\n'
    return f"{outline}{article}"


def _try_it(names: Mapping[str, str]) -> str:
    """The console's page: whose requests it can show, and what it is made of."""
    described = [page for page in contents.pages() if page.source.suffix == ".yaml"]
    options = "".join(f'<option value="{page.source.stem}">{escape(page.title)}</option>' for page in described)
    styles = "".join(f'<link rel="stylesheet" href="{_asset(names, path)}">' for path in _CONSOLE_STYLES)
    scripts = "".join(f'<script src="{_asset(names, path)}" defer></script>' for path in _CONSOLE_SCRIPTS)
    return (
        f'{styles}{scripts}<article class="wide">'
        "<h1>Try it</h1>\n"
        '<p class="lead">Requests go to this deployment, with the credentials that you enter here. The page forgets '
        "them when you leave it.</p>\n"
        f'<p class="choice"><label for="api">API</label> <select id="api">{options}</select></p>\n'
        '<h2 class="aside">Requests</h2>\n'
        '<div id="console" data-descriptions="@root/openapi/"></div>\n'
        "<noscript><p>The console needs JavaScript. The other pages do not.</p></noscript></article>\n"
    )


def _frame(names: Mapping[str, str]) -> str:
    navigation = "".join(
        f"<h2>{escape(section.title)}</h2><ul>\n"
        + "".join(f'<li><a href="{markdown.BASE}{page.slug}">{escape(page.title)}</a></li>\n' for page in section.pages)
        + "</ul>\n"
        for section in contents.sections()
    )
    template = Path(__file__).with_name("frame.html").read_text("utf-8")
    for path in names:
        template = template.replace(f"{{{{{path}}}}}", _asset(names, path))
    return template.replace("{{navigation}}", navigation)


def _asset(names: Mapping[str, str], path: str) -> str:
    return f"{markdown.BASE}assets/{names[path]}"
