"""Everything a customer can entrust to the four APIs and to the operator's, with a canary in every place there is."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from canaries import Canaries


class Answer(Protocol):
    """What an API answered."""

    status: int
    text: str
    json: Any


class Ask(Protocol):
    """One request, with a JSON or a form body or one that is neither."""

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], *, json: Any = None, raw: str | None = None
    ) -> Answer: ...


@dataclass
class Site:
    """A deployment with its demo principals. `hook(script)` is the address of a server of the customer's own."""

    ask: Ask
    hook: Callable[[str], str]
    operator_key: str
    team_key: str
    flow_key: str
    group: str
    client_id: str
    client_secret: str
    admin: str
    admin_password: str
    tomorrow: str
    soon: str


@dataclass
class Entrusting:
    """Puts canaries everywhere, and remembers what was answered."""

    site: Site
    canaries: Canaries
    refusals: list[str] = field(default_factory=list)
    #: What shows stored requests again.
    read_back: list[str] = field(default_factory=list)
    #: The canaries that stand in headers.
    in_headers: Canaries = field(default_factory=Canaries)

    def all(self) -> None:
        """One of everything."""
        for name in ("operator_key", "team_key", "flow_key", "client_secret", "admin_password"):
            self.canaries.keep(name, getattr(self.site, name))
        self.asyncqueue()
        self.asyncflow()
        self.astraflow()
        self.asimov()
        self.mistakes()

    def asyncqueue(self) -> None:
        key = {"Authorization": f"Bearer {self.site.team_key}"}
        created = self.expect(201, "POST", "/v1/keys", key, json={"name": "canary"}).json
        self.canaries.keep("API key", created["key"])
        rotated = self.expect(201, "POST", f"/v1/keys/{created['id']}/rotate", key, json={}).json
        self.canaries.keep("rotated API key", rotated["key"])
        for method, path in (("GET", "/v1/signing-secret"), ("POST", "/v1/signing-secret/rotate")):
            secret = self.expect(200, method, path, key, json={} if method == "POST" else None).json["secret"]
            self.canaries.keep("signing secret", secret.removeprefix("whsec_"))
        scripts = ["200 json %s", "503 json %s; 200 json %s", "500 json %s", "refused"]
        orders = [(script, {"maxRetries": 1}) for script in scripts]
        orders += [("200", {"delayUntil": self.site.tomorrow}), ("200", {"delayUntil": self.site.soon})]
        orders += [("200 json %s", {"body": f'{{"password": "{self.canaries("large body")}", "x": "{"x" * 9000}"}}'})]
        for script, more in orders:
            for _ in range(script.count("%s")):
                script = script.replace("%s", f'{{"answer":"{self.canaries("answer")}"}}', 1)
            headers = {
                **key,
                "Idempotency-Key": self.canaries("Idempotency-Key"),
                "Cookie": self.canaries("Cookie of a request"),
                "User-Agent": self.canaries("User-Agent"),
            }
            order = self._order(self.site.hook(script), **more)
            task = self.expect(201, "POST", "/v1/tasks", headers, json=order).json["task"]
            self.expect(201, "POST", "/v1/tasks", headers, json=order)
            shown = self.expect(200, "GET", f"/v1/tasks/{task['id']}?include=request", key)
            self.read_back.append(shown.text)
            operator = {"Authorization": f"Bearer {self.site.operator_key}"}
            self.read_back.append(self.expect(200, "GET", f"/operator/tasks/{task['id']}", operator).text)
            if more.get("delayUntil") == self.site.tomorrow:
                self.expect(200, "POST", f"/v1/tasks/{task['id']}/cancel", key)
        self.expect(200, "GET", "/v1/tasks", key)

    def _order(self, hook: str, **more: Any) -> dict[str, Any]:
        secrets = {name: self.canaries(f"callback header {name}") for name in ("Authorization", "X-Order", "Cookie")}
        for name, secret in secrets.items():
            self.in_headers.keep(name, secret)
        return {
            "callbackUrl": f"{hook}?token={self.canaries('callback query')}",
            "headers": secrets,
            "body": f'{{"password":"{self.canaries("callback body")}"}}',
            "onCompleteUrl": f"{self.site.hook('200')}?token={self.canaries('onCompleteUrl query')}",
            **more,
        }

    def asyncflow(self) -> None:
        operator = {"Authorization": f"Bearer {self.site.operator_key}"}
        profile = f"/operator/asyncflow/groups/{self.site.group}/profile"
        self.expect(200, "PUT", profile, operator, json=_QUICK)
        for destination in ("warehouse", "always-fail"):
            headers = {
                "X-API-KEY": self.site.flow_key,
                "X-STUDENT-GROUP": self.site.group,
                "Idempotency-Key": self.canaries("flow Idempotency-Key"),
            }
            message = {"destination": destination, "content": self.canaries("message")}
            sent = self.expect(202, "POST", "/asyncflow", headers, json=message).json
            self.expect(200, "GET", f"/asyncflow/{sent['trackingId']}", headers)
        wrong = {"X-API-KEY": self.canaries("wrong flow key"), "X-STUDENT-GROUP": self.site.group}
        self.expect(401, "POST", "/asyncflow", wrong, json={})

    def astraflow(self) -> None:
        given = (self.site.client_id, self.site.client_secret)
        basic = {"Authorization": "Basic " + base64.b64encode(":".join(given).encode()).decode()}
        tokens = self._grant(basic, grant_type="password", username=self.site.admin, password=self.site.admin_password)
        tokens = self._grant(basic, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        user = {"email": f"{self.site.group}@example.com", "password": self.canaries("password"), "role": "viewer"}
        self.expect(201, "POST", "/api/v1/users", bearer, json=user)
        self._grant(basic, grant_type="password", username=user["email"], password=user["password"])
        wrong = f"grant_type=password&username={user['email']}&password={self.canaries('wrong password')}"
        self.expect(400, "POST", "/oauth/token", {**basic, **_FORM}, raw=wrong)
        for path in ("/oauth/introspect", "/oauth/revoke"):
            self.expect(200, "POST", path, {**basic, **_FORM}, raw=f"token={self.canaries('token')}")
        events = (("task.created", "200 json %s"), ("task.updated", "503 json %s; 200"), ("task.due", "410"))
        for event, script in events:
            url = f"{self.site.hook(script.replace('%s', self._answer()))}?key={self.canaries('webhook query')}"
            hook = self.expect(201, "POST", "/api/v1/webhooks", bearer, json={"url": url, "event": event}).json
            self.canaries.keep("webhook secret", hook["secret"].removeprefix("whsec_"))
            self.expect(202, "POST", f"/api/v1/webhooks/{hook['id']}/ping", bearer)
        item = {
            "name": self.canaries("item name"),
            "description": self.canaries("item description"),
            "due_date": self.site.soon,
        }
        made = self.expect(201, "POST", "/api/v1/tasks", bearer, json=item).json
        changed = {"description": self.canaries("changed description")}
        self.expect(200, "PUT", f"/api/v1/tasks/{made['id']}", bearer, json=changed)
        other = self.expect(201, "POST", "/api/v1/tasks", bearer, json={"name": self.canaries("deleted")}).json
        self.expect(200, "DELETE", f"/api/v1/tasks/{other['id']}", bearer)

    def _answer(self) -> str:
        return f'{{"answer":"{self.canaries("answer of a webhook")}"}}'

    def _grant(self, basic: Mapping[str, str], **form: str) -> Any:
        raw = "&".join(f"{name}={value}" for name, value in form.items())
        tokens = self.expect(200, "POST", "/oauth/token", {**basic, **_FORM}, raw=raw).json
        for name in ("access_token", "refresh_token"):
            self.canaries.keep(name, tokens[name])
        return tokens

    def asimov(self) -> None:
        headers = {"X-Request-Mode": "async", "Idempotency-Key": self.canaries("Asimov's Idempotency-Key")}
        greeting = {"message": self.canaries("greeting")}
        self.expect(202, "POST", "/api/hello", headers, json=greeting)

    def mistakes(self) -> None:
        """Requests that are wrong in some way: their answers are all that is told of them."""
        c = self.canaries
        key = {"Authorization": f"Bearer {self.site.team_key}"}
        order = {"callbackUrl": "https://api.example.com/"}
        for field_, value in (
            ("callbackUrl", c("a wrong address")),
            ("callbackUrl", f"http://u:{c('user part of an address')}@169.254.169.254/"),
            ("method", c("a wrong method")),
            ("headers", {"X-A": c("a header with a control") + "\n"}),
            ("headers", [c("headers that are a list")]),
            ("body", [c("a body that is a list")]),
            ("maxRetries", c("a wrong number")),
            ("delayUntil", c("a wrong date")),
            ("onCompleteUrl", c("a wrong address to tell")),
        ):
            self.refused("POST", "/v1/tasks", key, json={**order, field_: value})
        self.refused("POST", "/v1/tasks", key, raw=c("no JSON") + "{")
        self.refused("POST", "/v1/tasks", {"Authorization": f"Bearer {c('wrong key')}"}, json=order)
        self.refused("POST", "/v1/tasks", {"X-API-Key": f"aq_live_{c('plausible key')}"}, json=order)
        self.refused("GET", f"/v1/tasks?limit={c('a wrong limit')}", key)
        self.refused("GET", f"/v1/tasks?cursor={c('a wrong cursor')}", key)
        self.refused("POST", "/v1/tasks", {**key, "Idempotency-Key": c("a long key") * 20}, json=order)
        self.refused(
            "POST", "/asyncflow", {"X-API-KEY": self.site.flow_key, "X-STUDENT-GROUP": self.site.group}, raw=c("x")
        )
        self.refused("GET", "/api/v1/tasks", {"Authorization": f"Bearer {c('wrong token')}"})
        self.refused("POST", "/oauth/token", {"Authorization": f"Basic {c('no client')}", **_FORM}, raw=c("no grant"))
        self.refused("POST", "/oauth/token", _FORM, raw=f"grant_type={c('unknown grant')}")
        self.refused("POST", "/api/primes", {}, json={"limit": c("no limit")})
        self.refused("GET", "/operator/teams", {"Authorization": f"Bearer {c('wrong operator key')}"})

    def expect(self, status: int, method: str, path: str, headers: Mapping[str, str], **body: Any) -> Answer:
        answer = self.site.ask(method, path, headers, **body)
        assert answer.status == status, (method, path, answer.status, answer.text)
        if status >= 400:
            self.refusals.append(answer.text)
        return answer

    def refused(self, method: str, path: str, headers: Mapping[str, str], **body: Any) -> None:
        answer = self.site.ask(method, path, headers, **body)
        assert 400 <= answer.status < 500, (method, path, answer.status, answer.text)
        self.refusals.append(answer.text)


#: Messages without faults that take a moment only.
_QUICK = {"profile": "calm", "changes": {"processingMinSeconds": 0, "processingMaxSeconds": 1}}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
