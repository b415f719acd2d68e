"""Calls of AI models: what each is for, and of which model."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

CLAUDE = "anthropic.claude-3-5-sonnet-20240620-v1:0"
BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "bedrock.amazonaws.com"}}


def call(name: str, model: str | None = None, service: str = "bedrock") -> dict[str, Any]:
    asked = {"modelId": model} if model else None
    return {"eventSource": f"{service}.amazonaws.com", "eventName": name, "requestParameters": asked}


TOLD: dict[str, tuple[dict[str, Any], tuple[str, str | None]]] = {
    "asked": (call("InvokeModelWithResponseStream", CLAUDE), ("model", CLAUDE)),
    "asked-in-vain": (call("Converse", CLAUDE) | {"errorCode": "AccessDeniedException"}, ("model", CLAUDE)),
    "film": (call("StartAsyncInvoke", "amazon.nova-reel-v1:0"), ("model", "amazon.nova-reel-v1:0")),
    "many-prompts": (call("CreateModelInvocationJob", CLAUDE), ("model", CLAUDE)),
    "agent": (call("InvokeAgent"), ("agent", None)),
    "knowledge": (call("RetrieveAndGenerate"), ("agent", None)),
    "agent-of-ones-own": (call("InvokeAgentRuntime", service="bedrock-agentcore"), ("agent", None)),
    "agreed": (call("CreateFoundationModelAgreement", CLAUDE), ("access", CLAUDE)),
    "explained": (call("PutUseCaseForModelAccess"), ("access", None)),
    "bought": (call("CreateProvisionedModelThroughput", CLAUDE), ("capacity", CLAUDE)),
    "is-it-logged": (call("GetModelInvocationLoggingConfiguration"), ("logging", None)),
    "logged-no-more": (call("DeleteModelInvocationLoggingConfiguration"), ("logging", None)),
}
OTHERS = {
    "listed": call("ListFoundationModels"),
    "job-listed": call("ListModelInvocationJobs"),
    "asked-by-aws": call("InvokeModel", CLAUDE) | BY_AWS,
    "of-another-service": call("InvokeModel", CLAUDE, service="sagemaker"),
}


def test_a_call_that_bears_an_api_key_in_place_of_a_signature_is_told(lake_of: LakeOf) -> None:
    bearers: dict[str, dict[str, Any]] = {
        "bears": {"additionalEventData": {"callWithBearerToken": True}},
        "bears-none": {"additionalEventData": {"callWithBearerToken": False}},
        "signs": {},
    }
    lake = lake_of([call("Converse", CLAUDE) | more | {"eventID": name} for name, more in bearers.items()])
    assert lake.sql("SELECT event_id FROM model_calls WHERE by_api_key").rows() == [{"event_id": "bears"}]


def test_each_call_tells_what_it_is_for_and_of_which_model(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in TOLD.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, model_use, model FROM model_calls").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {name: is_ for name, (_, is_) in TOLD.items()}
