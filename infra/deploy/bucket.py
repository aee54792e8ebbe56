"""The bucket of a deployment: a template over 51,200 bytes and the functions' code reach CloudFormation through S3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.checks import Place
from infra.deploy.problems import NotReadyError


class Bucket:
    """A private bucket of the account, made on first use. Every call insists that the bucket is the account's own."""

    def __init__(self, s3: Any, place: Place, name: str | None = None) -> None:
        self._s3 = s3
        self._place = place
        self.name = name or f"sluice-deployments-{place.account}-{place.region}"
        self._own = {"Bucket": self.name, "ExpectedBucketOwner": place.account}

    def ensure(self) -> bool:
        """Make the bucket where there is none. Whether it was made now."""
        try:
            self._s3.head_bucket(**self._own)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise NotReadyError(
                    f"The bucket {self.name} cannot be used: it is another account's, or you may not read it; "
                    "name one of your own: make deploy STAGE=... BUCKET=..."
                ) from None
        else:
            return False
        where = {"LocationConstraint": self._place.region}
        # The one region that must not be named.
        configuration = {} if self._place.region == "us-east-1" else {"CreateBucketConfiguration": where}
        self._s3.create_bucket(Bucket=self.name, **configuration)
        self._s3.put_public_access_block(
            **self._own,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        self._s3.put_bucket_policy(**self._own, Policy=json.dumps(_only_tls(self.name)))
        return True

    def put_file(self, key: str, path: Path) -> bool:
        """Store a file under a key that names its content. Whether it was sent: one that is there stays."""
        try:
            self._s3.head_object(**self._own, Key=key)
        except ClientError:
            with path.open("rb") as file:
                self._s3.put_object(**self._own, Key=key, Body=file)
            return True
        return False

    def put_text(self, key: str, text: str) -> str:
        """Store a text; the address under which CloudFormation reads it."""
        self._s3.put_object(**self._own, Key=key, Body=text.encode(), ContentType="application/json")
        endpoint: str = self._s3.meta.endpoint_url
        return f"{endpoint.rstrip('/')}/{self.name}/{key}"


def _only_tls(name: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
