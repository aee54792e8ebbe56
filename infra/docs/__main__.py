"""Write every generated document: `python -m infra.docs`."""

from __future__ import annotations

from infra.docs import commands, lifecycle, openapi, site

for module in (commands, lifecycle, openapi, site):
    for path, text in module.files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        print(path.relative_to(module.ROOT))
