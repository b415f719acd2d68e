"""What is opened: resources to accounts that are not ours, things to everyone, networks to the Internet and others."""

import json
from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]
Told = dict[str, dict[str, Any]]

OURS, THEIRS = "111122223333", "999988887777"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OF_THE_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
FINGERPRINT = {"StringEquals": {"aws:UserAgent": "x"}}


def call(action: str, request: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    service, api = action.split(":")
    named = {"eventSource": f"{service}.amazonaws.com", "eventName": api, "readOnly": False}
    return named | {"requestParameters": request} | changes


def allow(who: Any, *actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": who, "Action": list(actions), "Resource": "*"} | more


def key_policy(*statements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return call("kms:PutKeyPolicy", {"keyId": KEY_ID, "policy": json.dumps({"Statement": statements})}, **changes)


def trust_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    document = json.dumps({"Statement": statements})
    return call("iam:UpdateAssumeRolePolicy", {"roleName": "Vendor", "policyDocument": document})


def bucket_acl(grantee: dict[str, Any], **more: Any) -> dict[str, Any]:
    grant = {"AccessControlList": {"Grant": {"Grantee": grantee, "Permission": "READ"}}} | more
    return call("s3:PutBucketAcl", {"bucketName": "web", "acl": "", "AccessControlPolicy": grant})


def document_shared(*accounts: str) -> dict[str, Any]:
    return call("ssm:ModifyDocumentPermission", {"name": "setup", "accountIdsToAdd": list(accounts)})


def endpoint_service(permissions: Any) -> dict[str, Any]:
    request = {"ServiceId": "vpce-svc-0123456789abcdef0", "AddAllowedPrincipals": permissions}
    wrapped = {"ModifyVpcEndpointServicePermissionsRequest": request}
    return call("ec2:ModifyVpcEndpointServicePermissions", wrapped)


def application(*accounts: str) -> dict[str, Any]:
    statements = [{"actions": ["Deploy"], "principals": list(accounts)}]
    return call("serverlessrepo:PutApplicationPolicy", {"statements": statements})


def desktop_image(account: str, *, allowed: bool) -> dict[str, Any]:
    request = {"imageId": "wsi-0123456789", "sharedAccountId": account, "allowCopyImage": allowed}
    return call("workspaces:UpdateWorkspaceImagePermission", request)


def document_guard(setting: str) -> dict[str, Any]:
    request = {"settingId": "/ssm/documents/console/public-sharing-permission", "settingValue": setting}
    return call("ssm:UpdateServiceSetting", request)


def lake_grant(whom: str) -> dict[str, Any]:
    request = {"principal": {"dataLakePrincipalIdentifier": whom}, "permissions": ["SELECT"]}
    return call("lakeformation:GrantPermissions", request)


def rows_of(lake_of: LakeOf, view: str, told: Told, columns: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of `view`, by event, of the calls named in `told`."""
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in lake.sql(f"SELECT event_id, {columns} FROM {view} ORDER BY ALL").rows():
        rows.setdefault(row.pop("event_id"), []).append(tuple(row.values()))
    return rows


OUTSIDER, OWNER = "fedcba98" * 8, "01234567" * 8
TO_THEM = allow({"AWS": f"arn:aws:iam::{THEIRS}:root"}, "kms:Decrypt", "kms:Encrypt")
THEIR_ROLE = f"arn:aws:iam::{THEIRS}:role/Reader"
SINK = f"arn:aws:oam:us-east-1:{THEIRS}:sink/0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"

TAKERS: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "a-statement-each": (
        key_policy(TO_THEM, allow("*", "kms:DescribeKey", Condition=FINGERPRINT)),
        [
            ("*", ["kms:DescribeKey"], json.dumps(FINGERPRINT, separators=(",", ":"))),
            (THEIRS, ["kms:Decrypt", "kms:Encrypt"], None),
        ],
    ),
    "refused": (key_policy(TO_THEM, errorCode="AccessDenied"), [(THEIRS, ["kms:Decrypt", "kms:Encrypt"], None)]),
    "two-in-a-statement": (
        key_policy(allow({"AWS": [THEIRS, "888877776666", OURS]}, "kms:Sign")),
        [("888877776666", ["kms:Sign"], None), (THEIRS, ["kms:Sign"], None)],
    ),
    "share": (call("ram:CreateResourceShare", {"principals": [THEIRS, OURS]}), [(THEIRS, [], None)]),
    "share-with-more": (call("ram:AssociateResourceShare", {"principals": [THEIRS]}), [(THEIRS, [], None)]),
    "findings": (
        call("macie2:AcceptInvitation", {"administratorAccountId": THEIRS, "invitationId": OUTSIDER}),
        [(THEIRS, [], None)],
    ),
    "findings-as-of-old": (
        call("securityhub:AcceptInvitation", {"MasterId": THEIRS, "InvitationId": OUTSIDER}),
        [(THEIRS, [], None)],
    ),
    "address": (
        call("ec2:EnableAddressTransfer", {"EnableAddressTransferRequest": {"TransferAccountId": THEIRS}}),
        [(THEIRS, [], None)],
    ),
    "document-for-all": (document_shared("all"), [("*", [], None)]),
    "document-for-one": (document_shared(THEIRS), [(THEIRS, [], None)]),
    "endpoint-service": (endpoint_service({"content": "*", "tag": 1}), [("*", [], None)]),
    "endpoint-service-for-two": (
        endpoint_service([{"content": f"arn:aws:iam::{THEIRS}:root"}, {"content": f"arn:aws:iam::{OURS}:root"}]),
        [(f"arn:aws:iam::{THEIRS}:root", [], None)],
    ),
    "portfolio": (call("servicecatalog:CreatePortfolioShare", {"accountId": THEIRS}), [(THEIRS, [], None)]),
    "data-share": (call("redshift:AuthorizeDataShare", {"consumerIdentifier": THEIRS}), [(THEIRS, [], None)]),
    "search": (call("es:AuthorizeVpcEndpointAccess", {"account": THEIRS}), [(THEIRS, [], None)]),
    "telemetry": (call("oam:CreateLink", {"sinkIdentifier": SINK}), [(SINK, [], None)]),
    "directory": (call("ds:ShareDirectory", {"shareTarget": {"id": THEIRS, "type": "ACCOUNT"}}), [(THEIRS, [], None)]),
    "security-lake": (
        call("securitylake:CreateSubscriber", {"subscriberIdentity": {"externalId": "x", "principal": THEIRS}}),
        [(THEIRS, [], None)],
    ),
    "lake": (lake_grant(THEIRS), [(THEIRS, [], None)]),
    "lake-for-a-role": (lake_grant(THEIR_ROLE), [(THEIR_ROLE, [], None)]),
    "access-grant": (
        call("s3:CreateAccessGrant", {"Grantee": {"GranteeType": "IAM", "GranteeIdentifier": THEIR_ROLE}}),
        [(THEIR_ROLE, [], None)],
    ),
    "acl": (bucket_acl({"ID": OUTSIDER}, Owner={"ID": OWNER}), [(OUTSIDER, [], None)]),
    "warehouse": (call("redshift:AuthorizeEndpointAccess", {"account": THEIRS}), [(THEIRS, [], None)]),
    "signer": (call("signer:AddProfilePermission", {"principal": THEIRS}), [(THEIRS, [], None)]),
    "application": (application("*", THEIRS), [("*", [], None), (THEIRS, [], None)]),
    "desktop": (desktop_image(THEIRS, allowed=True), [(THEIRS, [], None)]),
}
NO_TAKERS: Told = {
    "to-ours": key_policy(allow({"AWS": OURS}, "kms:Decrypt")),
    "to-a-service": key_policy(allow({"Service": "sns.amazonaws.com"}, "kms:Decrypt")),
    "to-the-organization": key_policy(allow("*", "kms:Decrypt", Condition=OF_THE_ORGANIZATION)),
    "denied-to-them": key_policy(TO_THEM | {"Effect": "Deny"}),
    "a-role": trust_policy(allow({"AWS": THEIRS}, "sts:AssumeRole")),
    "acl-of-the-owner": bucket_acl({"ID": OWNER}, Owner={"ID": OWNER}),
    "acl-of-an-owner-untold": bucket_acl({"ID": OUTSIDER}),
    "search-by-ours": call("es:AuthorizeVpcEndpointAccess", {"account": OURS}),
    "lake-for-ours": lake_grant(f"arn:aws:iam::{OURS}:role/Analyst"),
    "lake-for-a-group": lake_grant("IAM_ALLOWED_PRINCIPALS"),
    "lake-taken-back": lake_grant(THEIRS) | {"eventName": "RevokePermissions"},
    "desktop-taken-back": desktop_image(THEIRS, allowed=False),
    "application-for-ours": application(OURS),
    "taken-back": call("es:RevokeVpcEndpointAccess", {"account": THEIRS}),
}


def test_a_resource_is_opened_to_each_outsider_that_a_policy_or_a_list_names(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in TAKERS.items()} | NO_TAKERS
    assert rows_of(lake_of, "resource_openings", told, "taker, allowed, conditions") == {
        name: takers for name, (_, takers) in TAKERS.items()
    }


def test_where_no_record_tells_an_account_openings_show_and_nothing_is_of_another_account(lake_of: LakeOf) -> None:
    shared = key_policy(TO_THEM, allow("*", "kms:Decrypt"))
    calls = {
        "shared": shared,
        "trusted": trust_policy(TO_THEM),
        "acl-of-an-owner-untold": bucket_acl({"ID": OUTSIDER}),
        "uploaded": call("s3:PutObject", {"bucketName": "web", "key": "a.txt"}),
    }
    untold = {"recipientAccountId": None, "userIdentity": {"type": "AssumedRole"}}
    told = {name: changes | untold for name, changes in calls.items()}
    assert rows_of(lake_of, "resource_openings", told, "taker") == {"shared": [("*",), (THEIRS,)]}
    assert rows_of(lake_of, "public_openings", told, "opened_by") == {"shared": [("public policy",)]}
    outsiders = "policy_statements WHERE has_outsider(external_accounts)"
    assert rows_of(lake_of, outsiders, told, "policy_kind") == {"shared": [("resource",)], "trusted": [("trust",)]}
    assert rows_of(lake_of, "ransom_signs", told, "sign") == {}


EVERYONE = {"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
LOG_DELIVERY = {"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
BLOCK_OFF = "account's public access block off"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def account_block(**lifted: bool) -> dict[str, Any]:
    return call("s3:PutAccountPublicAccessBlock", {"PublicAccessBlockConfiguration": BLOCKED | lifted})


def emr_block(blocked: bool, api: str = "Put") -> dict[str, Any]:
    rules = {"blockPublicAccessConfiguration": {"blockPublicSecurityGroupRules": blocked}}
    return call(f"elasticmapreduce:{api}BlockPublicAccessConfiguration", rules)


def guests(allowed: bool, api: str = "Update") -> dict[str, Any]:
    return call(f"cognito-identity:{api}IdentityPool", {"allowUnauthenticatedIdentities": allowed})


PUBLIC: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "policy": (
        key_policy(TO_THEM, allow("*", "kms:Sign"), allow("*", "kms:Decrypt", "kms:Sign")),
        ("public policy", ["kms:Decrypt", "kms:Sign"]),
    ),
    "policy-refused": (
        key_policy(allow("*", "kms:Sign"), errorCode="AccessDenied"),
        ("public policy", ["kms:Sign"]),
    ),
    "role": (trust_policy(allow({"AWS": "*"}, "sts:AssumeRole")), ("public policy", ["sts:AssumeRole"])),
    "acl": (bucket_acl(EVERYONE), ("public ACL", None)),
    "acl-by-name": (
        call("s3:PutObjectAcl", {"bucketName": "web", "key": "a", "x-amz-acl": ["authenticated-read"]}),
        ("public ACL", None),
    ),
    "born-public": (call("s3:CreateBucket", {"bucketName": "web", "x-amz-acl": "public-read"}), ("public ACL", None)),
    "document": (document_shared("All"), ("shared with all", None)),
    "builds": (call("codebuild:UpdateProjectVisibility", {"projectVisibility": "PUBLIC_READ"}), ("builds shown", None)),
    "guests": (guests(True), ("guests let in", None)),
    "url": (call("lambda:CreateFunctionUrlConfig", {"authType": "NONE"}), ("URL without sign-in", None)),
    "url-changed": (call("lambda:UpdateFunctionUrlConfig", {"authType": "NONE"}), ("URL without sign-in", None)),
    "images": (call("ec2:DisableImageBlockPublicAccess"), (BLOCK_OFF, None)),
    "snapshots": (call("ec2:DisableSnapshotBlockPublicAccess"), (BLOCK_OFF, None)),
    "buckets": (call("s3:DeleteAccountPublicAccessBlock"), (BLOCK_OFF, None)),
    "buckets-in-part": (account_block(IgnorePublicAcls=False), (BLOCK_OFF, None)),
    "clusters": (emr_block(False), (BLOCK_OFF, None)),
    "documents": (document_guard("Enable"), (BLOCK_OFF, None)),
    "application": (application("*"), ("shared with all", None)),
}
NOT_PUBLIC: Told = {
    "policy-for-them": key_policy(TO_THEM),
    "policy-for-the-organization": key_policy(allow("*", "kms:Decrypt", Condition=OF_THE_ORGANIZATION)),
    "acl-for-log-delivery": bucket_acl(LOG_DELIVERY),
    "object-published": call("s3:PutObject", {"bucketName": "web", "key": "c", "x-amz-acl": "public-read"}),
    "document-for-one": document_shared(THEIRS),
    "documents-looked-at": call("ssm:DescribeDocumentPermission", {"accountIdsToAdd": ["all"]}),
    "builds-hidden": call("codebuild:UpdateProjectVisibility", {"projectVisibility": "PRIVATE"}),
    "builds-asked-for": call("codebuild:ListProjects", {"nextToken": "PUBLIC_READ"}),
    "no-guests": guests(False),
    "made-for-guests": guests(True, "Create"),
    "url-with-sign-in": call("lambda:CreateFunctionUrlConfig", {"authType": "AWS_IAM"}),
    "another-none": call("lambda:UpdateFunctionConfiguration", {"snapStart": {"applyOn": "NONE"}}),
    "images-guarded": call("ec2:EnableImageBlockPublicAccess"),
    "buckets-guarded": account_block(),
    "clusters-guarded": emr_block(True),
    "clusters-looked-at": emr_block(False, "Get"),
    "documents-guarded": document_guard("Disable"),
    "application-for-them": application(THEIRS),
}


def test_what_everyone_may_use_is_told_with_what_opened_it(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in PUBLIC.items()} | NOT_PUBLIC
    assert rows_of(lake_of, "public_openings", told, "opened_by, allowed") == {
        name: [is_] for name, (_, is_) in PUBLIC.items()
    }


def route(network: str, gateway: str = "igw-0123456789abcdef0", api: str = "Create") -> dict[str, Any]:
    kind = "destinationIpv6CidrBlock" if ":" in network else "destinationCidrBlock"
    return call(f"ec2:{api}Route", {"routeTableId": "rtb-0123456789abcdef0", kind: network, "gatewayId": gateway})


def acl_entry(network: str, action: str = "allow", egress: bool = False, api: str = "Create") -> dict[str, Any]:
    kind = "ipv6CidrBlock" if ":" in network else "cidrBlock"
    return call(f"ec2:{api}NetworkAclEntry", {"egress": egress, "ruleAction": action, kind: network})


def wrapped(api: str, **request: Any) -> dict[str, Any]:
    return call(f"ec2:{api}", {f"{api}Request": request})


def ports(*rules: dict[str, Any], api: str = "Put") -> dict[str, Any]:
    return call(f"lightsail:{api}InstancePublicPorts", {"instanceName": "blog", "portInfos": list(rules)})


def accepted(owner: str) -> dict[str, Any]:
    answer = {"vpcPeeringConnection": {"requesterVpcInfo": {"ownerId": owner}, "accepterVpcInfo": {"ownerId": OURS}}}
    request = {"vpcPeeringConnectionId": "pcx-0123456789abcdef0"}
    return call("ec2:AcceptVpcPeeringConnection", request, responseElements=answer)


BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}}
OFFICE = {"fromPort": 22, "toPort": 22, "cidrs": ["198.51.100.7/32"]}
GATEWAY = call("ec2:AttachInternetGateway", {"internetGatewayId": "igw-0123456789abcdef0"})
GATEWAY_ASSOCIATION = "directconnect:{}DirectConnectGatewayAssociation{}"

WAYS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "route": (route("0.0.0.0/0"), ("route", "0.0.0.0/0")),
    "route-of-half": (route("2000::/3", api="Replace"), ("route", "2000::/3")),
    "gateway": (GATEWAY, ("gateway", None)),
    "acl": (acl_entry("0.0.0.0/0"), ("ACL", "0.0.0.0/0")),
    "acl-refused": (acl_entry("::/0", api="Replace") | {"errorCode": "AccessDenied"}, ("ACL", "::/0")),
    "guard-off": (
        wrapped("ModifyVpcBlockPublicAccessOptions", InternetGatewayBlockMode="off"),
        ("guard", None),
    ),
    "guard-excepted": (wrapped("CreateVpcBlockPublicAccessExclusion"), ("guard", None)),
    "guard-excepted-more": (wrapped("ModifyVpcBlockPublicAccessExclusion"), ("guard", None)),
    "peering": (call("ec2:CreateVpcPeeringConnection", {"peerOwnerId": THEIRS}), ("peering", THEIRS)),
    "peering-accepted": (accepted(THEIRS), ("peering", THEIRS)),
    "gateways": (wrapped("CreateTransitGatewayPeeringAttachment", PeerAccountId=THEIRS), ("peering", THEIRS)),
    "gateways-accepted": (wrapped("AcceptTransitGatewayPeeringAttachment", OwnerId=THEIRS), ("peering", THEIRS)),
    "attached": (wrapped("CreateTransitGatewayVpcAttachment", VpcOwnerId=THEIRS), ("peering", THEIRS)),
    "attached-accepted": (wrapped("AcceptTransitGatewayVpcAttachment", VpcOwnerId=THEIRS), ("peering", THEIRS)),
    "interface": (call("ec2:CreateNetworkInterfacePermission", {"awsAccountId": THEIRS}), ("peering", THEIRS)),
    "vpn": (wrapped("CreateVpnConnection"), ("VPN", None)),
    "vpn-route": (
        call("ec2:CreateVpnConnectionRoute", {"destinationCidrBlock": "198.51.100.0/24"}),
        ("VPN", "198.51.100.0/24"),
    ),
    "vpn-of-clients": (wrapped("CreateClientVpnEndpoint"), ("VPN", None)),
    "vpn-rule": (wrapped("AuthorizeClientVpnIngress"), ("VPN", None)),
    "line": (call("directconnect:CreatePrivateVirtualInterface"), ("line", None)),
    "line-confirmed": (call("directconnect:ConfirmPrivateVirtualInterface"), ("line", None)),
    "line-of-gateways": (call("directconnect:CreateTransitVirtualInterface"), ("line", None)),
    "line-of-gateways-confirmed": (call("directconnect:ConfirmTransitVirtualInterface"), ("line", None)),
    "association": (call(GATEWAY_ASSOCIATION.format("Create", "")), ("line", None)),
    "association-proposed": (call(GATEWAY_ASSOCIATION.format("Create", "Proposal")), ("line", None)),
    "association-accepted": (call(GATEWAY_ASSOCIATION.format("Accept", "Proposal")), ("line", None)),
    "connect-endpoint": (wrapped("CreateInstanceConnectEndpoint"), ("connect endpoint", None)),
    "a-port": (call("lightsail:OpenInstancePublicPorts", {"portInfo": {"fromPort": 3389}}), ("ports", None)),
    "ports": (ports(OFFICE, {"fromPort": 80, "cidrs": ["0.0.0.0/0"]}), ("ports", None)),
    "ports-for-nobody-named": (ports({"fromPort": 80, "cidrs": []}), ("ports", None)),
}
NO_WAYS: Told = {
    "gateway-by-aws": GATEWAY | BY_AWS,
    "route-by-nat": route("0.0.0.0/0", gateway="nat-0123456789abcdef0"),
    "route-of-one-network": route("203.0.113.0/24"),
    "acl-of-one-network": acl_entry("203.0.113.0/24"),
    "acl-out": acl_entry("0.0.0.0/0", egress=True),
    "acl-deny": acl_entry("0.0.0.0/0", action="deny"),
    "guard-on": wrapped("ModifyVpcBlockPublicAccessOptions", InternetGatewayBlockMode="block-ingress"),
    "peering-within": call("ec2:CreateVpcPeeringConnection", {"peerOwnerId": OURS}),
    "peering-accepted-within": accepted(OURS),
    "own-network-attached": wrapped("CreateTransitGatewayVpcAttachment"),
    "ports-narrowed": ports(OFFICE, {"fromPort": 22, "cidrListAliases": ["lightsail-connect"]}),
    "ports-closed": ports({"fromPort": 80}, api="Close"),
    "line-ordered": call("directconnect:CreateConnection", {"location": "EqDC2"}),
}


def test_each_way_into_a_network_is_told_with_whom_it_lets_in(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in WAYS.items()} | NO_WAYS
    assert rows_of(lake_of, "network_openings", told, "way, let_in") == {name: [is_] for name, (_, is_) in WAYS.items()}
