"""What is shown and what came are compared, apart from what differs each time."""

from __future__ import annotations

import pytest

from documents.showing import shows

ID, OTHER = "550e8400-e29b-41d4-a716-446655440000", "88386aab-11a5-4d24-9a4b-13679087734f"


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("", "anything"),
        (f'{{"id":"{ID}"}}', f'{{"id":"{OTHER}"}}'),
        ('{"at":"2024-01-15T10:30:00.000Z"}', '{"at":"2026-11-27T20:50:20.619Z"}'),
        ('{"result":{"duration":4}}', '{"result":{"duration":134}}'),
        ('[{"a":1}]', '[{"a":1},{"a":2}]'),
        ('HTTP/1.1 201 Created\n\n{"a":1}', 'HTTP/1.1 201 Created\nDate: today\n\n{"a":1}'),
        ("attempt 1 of 550e8400-…  200  12 ms", "attempt 1 of 550e8400-e29b  200  12 ms"),
        ('{"status":"Processing","processedAt":null}', '{"status":"Completed","processedAt":"2026-11-27T20:50:20Z"}'),
        ("Seed: 42", "Seed: 662056"),
    ],
)
def test_what_differs_each_time_may_differ(shown: str, came: str) -> None:
    assert shows(shown, came) is None


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ('{"error":"Not found"}', '{"error":"Task not found"}'),
        ('{"status":"Completed"}', '{"status":"Processing"}'),
        ('{"status":"completed"}', '{"status":"failed"}'),
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ('{"a":1}', '{"a":1,"b":2}'),
        ('{"a":{"b":1}}', '{"a":{"b":2}}'),
        ('[{"a":1}]', "[]"),
        ("HTTP/1.1 201 Created", "HTTP/1.1 200 OK"),
        ("genuine", ""),
        ('{"a":1}', "no JSON at all"),
    ],
)
def test_anything_else_may_not(shown: str, came: str) -> None:
    assert shows(shown, came) is not None
