"""The pages at `/docs`: every link on them leads somewhere, and nothing on them comes from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from world import Reply, World, send

from chalicelib.surfaces import site

FOLDER = Path(site.__path__[0])
LISTED = json.loads((FOLDER / "pages" / "pages.json").read_text("utf-8"))
#: Where each page is, at a stage of API Gateway.
PAGES = {slug: "/live/docs" if slug == "index" else f"/live/docs/{slug}" for slug in LISTED["pages"]}
#: Attributes by which a page brings something in.
_BRINGS = {("script", "src"), ("link", "href"), ("img", "src")}


@pytest.fixture(scope="module", autouse=True)
def world() -> Iterator[World]:
    with World() as world:
        yield world


class Document(HTMLParser):
    """The links, anchors and parts of a page, and whatever the policy would block."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.parts: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name, value in attrs if name == "id" and value}
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href") and value is not None]
        self.parts += [value for name, value in attrs if (tag, name) in _BRINGS and value]
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def asked(path: str, method: str = "GET", **headers: str) -> Reply:
    """A request as the API's stage `live` hands it on."""
    return send(method, path.removeprefix("/live"), headers, None, stage="/live")


@pytest.fixture(scope="module")
def documents(world: World) -> dict[str, Document]:
    """Every page by its path."""
    return {path: Document(asked(path).body.decode()) for path in PAGES.values()}


@pytest.mark.parametrize("path", PAGES.values())
def test_every_link_of_a_page_leads_somewhere(path: str, documents: dict[str, Document]) -> None:
    for link in documents[path].links:
        target = urlsplit(urljoin(f"https://sluice.example{path}", link))
        if target.hostname != "sluice.example":
            continue
        if target.path == "/live/openapi.json":
            assert asked(target.path).status == 200
            continue
        assert target.path in documents, link
        if target.fragment and not target.fragment.startswith("/"):
            assert target.fragment in documents[target.path].anchors, link


@pytest.mark.parametrize("path", PAGES.values())
def test_a_page_is_made_of_this_deployment_s_files_alone(path: str, documents: dict[str, Document]) -> None:
    assert documents[path].inline == []
    assert documents[path].parts
    for part in documents[path].parts:
        target = urlsplit(urljoin(f"https://sluice.example{path}", part))
        assert target.hostname == "sluice.example"
        assert target.path.startswith("/live/docs/assets/")
        assert asked(target.path).status == 200


def test_a_page_is_marked_where_the_navigation_names_it(documents: dict[str, Document]) -> None:
    for slug, path in PAGES.items():
        marked = re.findall(r'<a [^>]*href="([^"]*)"[^>]* aria-current="page"', asked(path).body.decode())
        assert [urljoin(path, link) for link in marked] == [path] if slug != "try-it" else marked


def test_pages_and_assets_are_safe_and_kept_as_long_as_they_hold() -> None:
    name = next(name for name in LISTED["assets"] if name.endswith(".css"))
    for path, kept, kind in (
        ("/live/docs", "no-cache", "text/html; charset=utf-8"),
        (f"/live/docs/assets/{name}", "public, max-age=31536000, immutable", "text/css; charset=utf-8"),
    ):
        reply = asked(path)
        assert reply.headers["content-type"] == kind
        assert reply.headers["cache-control"] == kept
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        policy = dict(each.split(" ", 1) for each in reply.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"


def test_what_is_known_already_is_not_sent_again() -> None:
    first = asked("/live/docs/settings")

    again = asked("/live/docs/settings", **{"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert asked("/live/docs/settings", **{"If-None-Match": '"x"'}).status == 200


def test_head_is_the_same_without_a_body() -> None:
    whole, head = asked("/live/docs/settings"), asked("/live/docs/settings", "HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


def test_a_slash_too_many_is_led_to_the_page() -> None:
    for path in ("/live/docs", "/live/docs/settings"):
        assert asked(f"{path}/").status == 302
        assert asked(f"{path}/").headers["location"] == path


def test_what_is_not_there_is_not_found() -> None:
    for path in (
        "nothing",
        "index",
        "frame",
        "pages.json",
        "assets/nothing",
        "assets/site.css",
        "assets/..%2Froutes.py",
    ):
        reply = asked(f"/live/docs/{path}")
        assert (reply.status, reply.json) == (404, {"error": "Not found"})


def test_the_front_door_leads_a_browser_to_the_pages_and_tells_a_program_where_everything_is() -> None:
    browser = asked("/live/", Accept="text/html,application/xhtml+xml")
    assert (browser.status, browser.headers["location"]) == (302, "/live/docs")

    program = asked("/live/").json
    assert program["documentation"] == "/live/docs"
    for path in (program["documentation"], program["description"], program["health"]):
        assert asked(path).status == 200


def test_assets_have_the_digest_of_their_content_in_their_names() -> None:
    for name, path in LISTED["assets"].items():
        assert hashlib.sha256((FOLDER / "assets" / path).read_bytes()).hexdigest()[:12] in name


def test_what_was_taken_over_is_as_its_makers_published_it() -> None:
    folder = FOLDER / "assets" / "swagger-ui"
    recorded = json.loads((folder / "vendored.json").read_text("utf-8"))

    assert recorded["license"] == "Apache-2.0"
    assert {"LICENSE", "NOTICE"} <= recorded["sha256"].keys()
    assert recorded["sha256"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != "vendored.json"
    }
