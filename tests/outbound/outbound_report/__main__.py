"""Write the report: `make outbound-report`. Takes minutes."""

from __future__ import annotations

from outbound_report import measured, page
from outbound_report.mutants import survivors

hostile = list(measured.hostile())
text = page.fixed() + page.MEASURED
text += page.measured(hostile, measured.resident_mib(), survivors(), measured.compared())
page.FILE.write_text(text, "utf-8")
print(page.FILE.name)
