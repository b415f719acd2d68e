"""What an account could be abused for, looked up."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "config.amazonaws.com"}}


def call(action: str) -> dict[str, Any]:
    service, name = action.split(":")
    return {"eventSource": f"{service}.amazonaws.com", "eventName": name, "readOnly": True}


TOLD = {
    "how-many-mails": (call("ses:GetSendQuota"), "mail"),
    "whose-mail": (call("ses:ListIdentities") | {"errorCode": "AccessDenied"}, "mail"),
    "how-many-messages": (call("sns:GetSMSAttributes"), "text messages"),
    "how-dear-messages": (call("sms-voice:DescribeSpendLimits"), "text messages"),
    "which-models": (call("bedrock:ListFoundationModels"), "models"),
    "which-quota": (call("servicequotas:ListServiceQuotas"), "quotas"),
    "which-accounts": (call("organizations:ListAccounts"), "organization"),
}
OTHERS = {
    "by-aws": call("organizations:ListAccounts") | BY_AWS,
    "quota-raised": call("servicequotas:RequestServiceQuotaIncrease") | {"readOnly": False},
    "which-templates": call("ses:ListTemplates"),
    "which-topics": call("sns:ListTopics"),
    "as-data": call("ses:GetSendQuota") | {"eventCategory": "Data", "managementEvent": False},
}


def test_each_call_tells_what_the_account_could_be_abused_for(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in TOLD.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, abuse_kind FROM abuse_lookups").rows()
    assert {row["event_id"]: row["abuse_kind"] for row in rows} == {name: is_ for name, (_, is_) in TOLD.items()}
