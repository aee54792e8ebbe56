"""What API Gateway answers by itself: in the template that a deployment packages, and from the local server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import Session
from chalice.awsclient import TypedAWSClient
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import DeploymentPackager, create_build_stage
from chalice.deploy.models import LambdaFunction
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, SAMTemplateGenerator, TemplateDeepMerger
from chalice.utils import UI, OSUtils
from surfaces.description.documents import DOCUMENT, faults

from app import app
from chalicelib.surfaces.json_body import MAX_BYTES
from infra.apply import load_template
from infra.gateway import EXTENSION, FAILED, NO_SUCH_PATH, TOO_LARGE, responses
from infra.host.functions import load_config
from infra.local.stack import PROJECT

#: The response types of REST APIs that a deployment without authorizers, models and API keys can meet.
MET = {
    "ACCESS_DENIED",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}
#: What every other type falls back on, with the status that it has.
REST = {"DEFAULT_4XX", "DEFAULT_5XX"}


@pytest.fixture(scope="module")
def packaged() -> dict[str, Any]:
    """The API of the template that `chalice package --merge-template` writes; only the code's archive is not built."""
    config = load_config(PROJECT, app)
    resources = DependencyBuilder().build_dependencies(ApplicationGraphBuilder().build(config, "prod"))
    stage = create_build_stage(OSUtils(), UI(), CFNSwaggerGenerator(), config)
    stage._steps = [step for step in stage._steps if not isinstance(step, DeploymentPackager)]
    for resource in resources:
        if isinstance(resource, LambdaFunction):
            resource.deployment_package.filename = "deployment.zip"
    stage.execute(config, resources)
    session = Session(session_vars={"region": (None, None, "us-east-1", None)})
    made = SAMTemplateGenerator(config, PackageOptions(TypedAWSClient(session))).generate(resources)
    api: dict[str, Any] = TemplateDeepMerger().merge(load_template(), made)["Resources"]["RestAPI"]
    return api


def test_the_packaged_api_has_the_routes_of_the_app_and_the_responses_of_the_template(packaged: Any) -> None:
    definition = packaged["Properties"]["DefinitionBody"]

    assert packaged["Type"] == "AWS::Serverless::Api"
    assert set(definition["paths"]) == set(app.routes)
    assert set(definition[EXTENSION]) == MET | REST


@pytest.mark.parametrize("kind", sorted(MET | REST))
def test_every_response_is_an_error_of_ours_with_an_id_and_without_what_was_sent(packaged: Any, kind: str) -> None:
    entry = packaged["Properties"]["DefinitionBody"][EXTENSION][kind]
    (template,) = entry["responseTemplates"].values()

    assert set(entry["responseTemplates"]) == {"application/json"}
    assert faults(DOCUMENT, "#/components/schemas/Error", json.loads(template)) == []
    # API Gateway fills $context.error.message with parts of the request's credential.
    assert "$" not in template
    assert entry["responseParameters"]["gatewayresponse.header.X-Request-Id"] == "context.requestId"


def test_a_path_that_no_route_knows_is_not_found_whatever_credential_came_with_it() -> None:
    # For an unknown path API Gateway reads `Authorization` as a signature of AWS's own, and complains of that.
    kinds = ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "RESOURCE_NOT_FOUND")

    assert {(responses()[kind].status, responses()[kind].body) for kind in kinds} == {(404, '{"error":"Not found"}')}


def test_a_status_is_set_where_api_gateway_has_another_or_where_it_is_the_type_s_own() -> None:
    statuses = {kind: None if answer.status is None else answer.status.value for kind, answer in responses().items()}

    assert {kind for kind, status in statuses.items() if status is None} == REST
    assert statuses["REQUEST_TOO_LARGE"] == 413
    assert statuses["THROTTLED"] == statuses["QUOTA_EXCEEDED"] == 429
    assert (statuses["INTEGRATION_FAILURE"], statuses["INTEGRATION_TIMEOUT"]) == (502, 504)


def test_a_refused_burst_is_told_when_to_come_back() -> None:
    assert responses()["THROTTLED"].headers == {"Retry-After": "1"}


def test_too_large_reads_as_the_app_says_it() -> None:
    assert responses()[TOO_LARGE].body == json.dumps(
        {"error": f"Request body must be at most {MAX_BYTES // 1024} KiB"}, separators=(",", ":")
    )
    assert {NO_SUCH_PATH, TOO_LARGE, FAILED} <= set(responses())
