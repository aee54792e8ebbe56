"""Write every generated document: `python -m infra.docs`."""

from __future__ import annotations

from infra.docs import commands, errors, lifecycle, limits, metrics, openapi, site

# The pages that are served come last: they are made of all the others.
for module in (commands, errors, lifecycle, limits, metrics, openapi, site):
    for path, text in module.files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        print(path.relative_to(module.ROOT))
