"""What KMS and the table hold of a data key, and what becomes of it when either is not as it was."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from contract_bench import NAMES, AwsBench
from contract_samples import fresh

from chalicelib.aws import keys
from chalicelib.aws.clients import Clients
from chalicelib.aws.keyring import AwsKeyRing
from chalicelib.domain.errors import SpoiledError, UnavailableError


@pytest.fixture
def dynamodb(aws_bench: AwsBench) -> Any:
    return boto3.client("dynamodb", region_name=NAMES.region)


@pytest.fixture
def kms(aws_bench: AwsBench) -> Any:
    return boto3.client("kms", region_name=NAMES.region)


def test_the_table_holds_a_key_wrapped_for_its_stage_holder_and_generation(
    aws_bench: AwsBench, dynamodb: Any, kms: Any
) -> None:
    holder = fresh("team")
    key = aws_bench.ring.key(holder, 7, make=True)

    item = dynamodb.get_item(TableName=NAMES.tasks_table, Key=keys.data_key(holder, 7))["Item"]
    context = {"stage": NAMES.stage, "holder": holder, "generation": "7"}
    unwrapped = kms.decrypt(CiphertextBlob=item["wrapped"]["B"], KeyId=NAMES.data_key, EncryptionContext=context)

    assert key is not None
    assert key not in item["wrapped"]["B"]
    assert unwrapped["Plaintext"] == key


def test_a_wrapped_key_that_was_moved_to_another_holder_is_spoiled(aws_bench: AwsBench, dynamodb: Any) -> None:
    ann, bob = fresh("team"), fresh("team")
    for holder in (ann, bob):
        aws_bench.ring.key(holder, 1, make=True)
    item = dynamodb.get_item(TableName=NAMES.tasks_table, Key=keys.data_key(ann, 1))["Item"]
    dynamodb.put_item(TableName=NAMES.tasks_table, Item={**item, **keys.data_key(bob, 1)})

    with pytest.raises(SpoiledError, match="data key"):
        aws_bench.ring.key(bob, 1, make=True)


def test_a_kms_key_that_does_not_exist_is_waited_for(aws_bench: AwsBench) -> None:
    elsewhere = AwsKeyRing(Clients(NAMES.region), NAMES.tasks_table, "alias/sluice-nowhere-data", "nowhere")

    with pytest.raises(UnavailableError, match="NotFoundException"):
        elsewhere.key(fresh("team"), 1, make=True)


def test_a_key_that_nobody_made_is_not_there(aws_bench: AwsBench) -> None:
    assert aws_bench.ring.key(fresh("team"), 1, make=False) is None
