"""Write every generated document: `python -m infra.docs`."""

from __future__ import annotations

from infra.docs import lifecycle, openapi

for document in (lifecycle, openapi):
    document.TARGET.write_text(document.render(), "utf-8")
    print(document.TARGET.relative_to(document.ROOT))
