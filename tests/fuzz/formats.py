"""Values of the formats that a description names and a schema cannot spell out in full."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

#: Names that the outbound guard takes for anybody's.
_HOSTS = st.from_regex(r"[a-z]{1,10}\.example\.(?:com|org)", fullmatch=True)
_SEGMENTS = st.lists(st.from_regex(r"[A-Za-z0-9_.~-]{1,10}", fullmatch=True), max_size=3)
_LOCAL_PARTS = st.from_regex(r"[A-Za-z0-9]{1,10}(?:\.[A-Za-z0-9]{1,10})?", fullmatch=True)


def register() -> None:
    """Teach schemathesis what it cannot know: addresses that may be called and may be written to."""
    urls = st.builds(lambda host, path: f"https://{host}/{'/'.join(path)}", _HOSTS, _SEGMENTS)
    schemathesis.openapi.format("public-url", urls)
    schemathesis.openapi.format("email", st.builds("{}@{}".format, _LOCAL_PARTS, _HOSTS))
