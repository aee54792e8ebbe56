"""The SDK's clients, each made when it is first used: importing this module does not import the SDK."""

from __future__ import annotations

from threading import Lock
from typing import Any

#: Seconds until a connection must stand, and until its answer must begin.
CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
#: Calls in all, the first included. What still fails is the engine's to repeat: it knows what is safe to repeat.
MOST_ATTEMPTS = 3
#: The same of what is asked offhand: a request waits for it and is answered without it just as well.
OFFHAND_CONNECT_TIMEOUT_S = 0.2
OFFHAND_READ_TIMEOUT_S = 0.2


class Clients:
    """One client per service, for one region, shared by all threads. `endpoint_url` replaces AWS's own addresses."""

    def __init__(self, region: str, endpoint_url: str | None = None) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._session: Any = None
        self._made: dict[tuple[str, bool], Any] = {}
        self._making = Lock()

    @property
    def dynamodb(self) -> Any:
        return self._client("dynamodb")

    @property
    def dynamodb_offhand(self) -> Any:
        """For what can be done without: one attempt, and a short wait for its answer."""
        return self._client("dynamodb", offhand=True)

    @property
    def sqs(self) -> Any:
        return self._client("sqs")

    @property
    def kms(self) -> Any:
        return self._client("kms")

    @property
    def scheduler(self) -> Any:
        return self._client("scheduler")

    @property
    def ssm(self) -> Any:
        return self._client("ssm")

    @property
    def secretsmanager(self) -> Any:
        return self._client("secretsmanager")

    def _client(self, service: str, *, offhand: bool = False) -> Any:
        made = (service, offhand)
        if made not in self._made:
            # A session is not safe to share while it makes a client.
            with self._making:
                if made not in self._made:
                    self._made[made] = self._make(service, offhand=offhand)
        return self._made[made]

    def _make(self, service: str, *, offhand: bool) -> Any:
        # botocore alone: boto3 would add nothing to plain clients but a sixth to their 150 ms of a cold start.
        from botocore.config import Config
        from botocore.session import Session

        if self._session is None:
            self._session = Session()
        config = Config(
            connect_timeout=OFFHAND_CONNECT_TIMEOUT_S if offhand else CONNECT_TIMEOUT_S,
            read_timeout=OFFHAND_READ_TIMEOUT_S if offhand else READ_TIMEOUT_S,
            retries={"total_max_attempts": 1 if offhand else MOST_ATTEMPTS, "mode": "standard"},
        )
        return self._session.create_client(
            service, region_name=self._region, endpoint_url=self._endpoint_url, config=config
        )
