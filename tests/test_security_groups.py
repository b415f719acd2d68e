"""Firewall rules: every shape in which EC2 records them."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

RULE = "change, direction, group_id, rule_id, protocol, from_port, to_port, peer, is_world"
SSH = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
EVERYONE = "0.0.0.0/0"


def call(name: str, asked: Any, answered: Any = None, **changes: Any) -> dict[str, Any]:
    shape = {"requestParameters": asked, "responseElements": answered}
    return {"eventSource": "ec2.amazonaws.com", "eventName": name, "readOnly": False, **shape, **changes}


def rules(lake: Lake, columns: str = RULE) -> list[tuple[Any, ...]]:
    found = lake.sql(f"SELECT {columns} FROM security_group_rule_changes ORDER BY event_id, rule_id, protocol, peer")
    return [tuple(row.values()) for row in found.rows()]


def permissions(*items: dict[str, Any]) -> dict[str, Any]:
    return {"groupId": "sg-1", "ipPermissions": {"items": list(items)}}


def test_the_answer_of_ec2_comes_first_because_it_has_the_ids_of_the_rules(lake_of: LakeOf) -> None:
    answer = {
        "groupId": "sg-1",
        "securityGroupRuleId": "sgr-1",
        "isEgress": False,
        **SSH,
        "cidrIpv4": EVERYONE,
        "description": "x",
    }
    asked = permissions({**SSH, "ipRanges": {"items": [{"cidrIp": EVERYONE}]}})
    lake = lake_of([call("AuthorizeSecurityGroupIngress", asked, {"securityGroupRuleSet": {"items": [answer]}})])
    assert rules(lake) == [("add", "ingress", "sg-1", "sgr-1", "tcp", 22, 22, EVERYONE, True)]


def test_a_rule_that_lies_flat_beside_empty_permissions_is_a_rule(lake_of: LakeOf) -> None:
    asked = {"groupId": "sg-1", "ipPermissions": {}, **SSH, "cidrIp": EVERYONE}
    lake = lake_of([call("AuthorizeSecurityGroupIngress", asked, None, errorCode="Client.UnauthorizedOperation")])
    assert rules(lake) == [("add", "ingress", "sg-1", None, "tcp", 22, 22, EVERYONE, True)]
    assert rules(lake, "outcome, error_code") == [("denied", "Client.UnauthorizedOperation")]


def test_each_network_prefix_list_and_group_of_a_permission_is_a_rule(lake_of: LakeOf) -> None:
    asked = permissions(
        {
            **SSH,
            "ipRanges": {"items": [{"cidrIp": "198.51.100.0/24"}, {"cidrIp": EVERYONE}]},
            "ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]},
            "prefixListIds": {"items": [{"prefixListId": "pl-1"}]},
            "groups": {"items": [{"groupId": "sg-2", "userId": "444455556666"}, {"groupName": "web"}]},
        },
        {"ipProtocol": "-1", "groups": {}, "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}]}},
    )
    ssh = ("add", "egress", "sg-1", None, "tcp", 22, 22)
    assert rules(lake_of([call("AuthorizeSecurityGroupEgress", asked)])) == [
        ("add", "egress", "sg-1", None, "-1", 0, 65535, "10.0.0.0/8", False),
        (*ssh, EVERYONE, True),
        (*ssh, "198.51.100.0/24", False),
        (*ssh, "::/0", True),
        (*ssh, "pl-1", False),
        (*ssh, "sg-2", False),
        (*ssh, "web", False),
    ]


def test_a_changed_rule_is_read_though_its_names_begin_with_capitals(lake_of: LakeOf) -> None:
    changed = {"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389, "CidrIpv4": EVERYONE}
    one = {"SecurityGroupRuleId": "sgr-1", "tag": 1, "SecurityGroupRule": changed}
    group = {"IpProtocol": "6", "FromPort": 0, "ToPort": 65535, "ReferencedGroupId": "sg-2"}
    two = {"SecurityGroupRuleId": "sgr-2", "tag": 2, "SecurityGroupRule": group}
    asked = [{"GroupId": "sg-1", "SecurityGroupRule": sent} for sent in (one, [one, two])]
    lake = lake_of(
        [
            call("ModifySecurityGroupRules", {"ModifySecurityGroupRulesRequest": sent}, eventID=str(number))
            for number, sent in enumerate(asked)
        ]
    )
    first = ("modify", None, "sg-1", "sgr-1", "tcp", 3389, 3389, EVERYONE, True)
    assert rules(lake) == [first, first, ("modify", None, "sg-1", "sgr-2", "tcp", 0, 65535, "sg-2", False)]


def test_a_rule_taken_away_by_its_id_alone_is_one_row(lake_of: LakeOf) -> None:
    ids = {"items": [{"securityGroupRuleId": "sgr-1"}, {"securityGroupRuleId": "sgr-2"}]}
    lake = lake_of([call("RevokeSecurityGroupIngress", {"groupId": "sg-1", "securityGroupRuleIds": ids})])
    assert rules(lake, "change, group_id, rule_id, peer, is_world") == [
        ("remove", "sg-1", "sgr-1", None, False),
        ("remove", "sg-1", "sgr-2", None, False),
    ]


def test_a_call_that_names_no_rule_is_one_row_without_a_rule(lake_of: LakeOf) -> None:
    new = {"groupName": "web", "groupDescription": "web", "vpcId": "vpc-1"}
    lake = lake_of(
        [
            call("CreateSecurityGroup", new, {"groupId": "sg-9", "_return": True}, eventID="a"),
            call("AuthorizeSecurityGroupIngress", None, eventID="b", errorCode="Client.UnauthorizedOperation"),
            call("DescribeSecurityGroups", None, eventID="c"),
        ]
    )
    nothing = (None, None, None, None, None, False)
    assert rules(lake) == [("create", None, "sg-9", *nothing), ("add", "ingress", None, *nothing)]


PEERS = {
    "0.0.0.0/0": True,
    "198.51.100.7/0": True,
    "::/0": True,
    "0::/0": True,
    "0.0.0.0/1": True,
    "128.0.0.0/1": True,
    "2000::/3": True,
    "10.0.0.0/8": False,
    "fc00::/7": False,
    "198.51.100.0/24": False,
    "0.0.0.0/32": False,
    "sg-0/0": False,
    "nonsense": False,
}


def test_the_world_is_any_network_larger_than_a_private_one(lake_of: LakeOf) -> None:
    asked = permissions({**SSH, "ipRanges": {"items": [{"cidrIp": peer} for peer in PEERS]}})
    assert dict(rules(lake_of([call("AuthorizeSecurityGroupIngress", asked)]), "peer, is_world")) == PEERS


HOSTILE = [None, True, 7, 1e308, "", "[]", "{", [], [[]], {}, {"items": {}}, {"items": [None, 7, "x", [], {"a": 1}]}]


def test_no_value_of_any_json_type_breaks_the_rules(lake_of: LakeOf) -> None:
    names = ("ipPermissions", "securityGroupRuleIds", "SecurityGroupRule", "ipProtocol", "fromPort", "cidrIp")
    inner = ("ipRanges", "groups", "fromPort", "ipProtocol")
    shapes = [
        shape
        for odd in HOSTILE
        for shape in (
            (odd, odd),
            (dict.fromkeys(names, odd), {"securityGroupRuleSet": odd}),
            (permissions(dict.fromkeys(inner, odd)), {"securityGroupRuleSet": {"items": [{"isEgress": odd}]}}),
            ({"ModifySecurityGroupRulesRequest": odd}, None),
        )
    ]
    lake = lake_of(
        [
            call(name, asked, answered, eventID=f"{name}-{number}")
            for name in ("AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules")
            for number, (asked, answered) in enumerate(shapes)
        ]
    )
    (row,) = lake.sql("SELECT count(DISTINCT event_id) AS calls FROM security_group_rule_changes").rows()
    assert row["calls"] == 2 * len(shapes)


def test_the_openings_of_the_public_attack_are_found(shared_lake: Callable[[str], Lake]) -> None:
    sql = (
        "SELECT direction, protocol, from_port, peer FROM security_group_rule_changes"
        " WHERE change = 'add' AND is_world AND outcome = 'success' ORDER BY direction, from_port, peer"
    )
    assert [tuple(row.values()) for row in shared_lake("invictus").sql(sql).rows()] == [
        ("egress", "-1", 0, EVERYONE),
        ("egress", "-1", 0, "::/0"),
        ("ingress", "tcp", 22, EVERYONE),
        ("ingress", "tcp", 443, EVERYONE),
    ]
