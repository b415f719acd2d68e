"""Whence the call came, and with what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery.meaning.client import client, client_ip, ip_owner, ip_scope, is_aws_call, plain_user_agent
from trailquery.meaning.fields import flag, instant, items, whole_number

SDK_IN_CONSOLE = "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10"


@pytest.mark.parametrize(
    ("source", "address", "scope"),
    [
        ("198.51.100.7", "198.51.100.7", "public"),
        ("203.0.113.9", "203.0.113.9", "public"),
        ("2001:db8::1", "2001:db8::1", "public"),
        ("10.0.0.1", "10.0.0.1", "private"),
        ("172.31.255.1", "172.31.255.1", "private"),
        ("172.32.0.1", "172.32.0.1", "public"),
        ("192.168.1.1", "192.168.1.1", "private"),
        ("100.64.0.1", "100.64.0.1", "private"),
        ("100.128.0.1", "100.128.0.1", "public"),
        ("169.254.169.254", "169.254.169.254", "private"),
        ("127.0.0.1", "127.0.0.1", "private"),
        ("::1", "::1", "private"),
        ("fd00::1", "fd00::1", "private"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1", "private"),
        ("::ffff:185.220.101.1", "::ffff:185.220.101.1", "tor"),
        ("config.amazonaws.com", None, "aws-service"),
        ("AWS Internal", None, "aws-internal"),
        ("198.51.100.7,10.0.0.1", "198.51.100.7", "public"),
        ("198.51.100.7, 203.0.113.9", "198.51.100.7", "public"),
        ("unknown, 203.0.113.9", None, "none"),
        ("999.1.1.1", None, "none"),
        ("fe80::1%<script>", None, "none"),
        ("", None, "none"),
        (None, None, "none"),
        (["198.51.100.7"], None, "none"),
    ],
)
def test_only_an_address_is_a_client_address(source, address, scope):
    assert (client_ip(source), ip_scope(source)) == (address, scope)


@pytest.mark.parametrize(
    ("source", "scope", "owner"),
    [
        ("52.95.110.1", "aws", "aws"),
        ("34.82.1.5", "cloud", "gcp"),
        ("140.82.121.4", "cloud", "github"),
        ("66.249.66.1", "cloud", "googlebot"),
        ("185.220.101.1", "tor", "tor"),
        ("198.51.100.7", "public", None),
        ("10.0.0.1", "private", None),
        ("s3.amazonaws.com", "aws-service", None),
        (None, "none", None),
    ],
)
def test_an_address_is_of_the_provider_that_publishes_its_range(source, scope, owner):
    assert (ip_scope(source), ip_owner(source)) == (scope, owner)


@pytest.mark.parametrize(
    ("agent", "source", "from_console", "expected"),
    [
        ("[aws-cli/2.15.0 Python/3.11]", "198.51.100.7", None, "cli"),
        ("aws-cli/2.15.0 exec-env/CloudShell", "198.51.100.7", True, "cloudshell"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 aws-sdk-go/1.44", "198.51.100.7", None, "iac"),
        ("aws-sdk-go/1.44.0 (go1.18)", "cloudformation.amazonaws.com", None, "iac"),
        ("Boto3/1.26.165 Botocore/1.29.165", "198.51.100.7", None, "sdk"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "198.51.100.7", None, "browser"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "198.51.100.7", True, "console"),
        ("signin.amazonaws.com", "198.51.100.7", None, "console"),
        ("console.ec2.amazonaws.com", "198.51.100.7", None, "console"),
        (f"[{SDK_IN_CONSOLE}]", "198.51.100.7", None, "console"),
        ("AWSCloudTrail, aws-internal/3 aws-sdk-java/1.12", "198.51.100.7", None, "console"),
        ("aws-internal/3 aws-sdk-java/1.12", "config.amazonaws.com", None, "service"),
        ("AWS Internal", "AWS Internal", True, "console"),
        ("AWS Internal", "AWS Internal", None, "service"),
        ("AWS Internal", "198.51.100.7", None, "console"),
        ("AWS Internals", "198.51.100.7", None, "service"),
        ("config.amazonaws.com", "config.amazonaws.com", True, "service"),
        ("config.amazonaws.com", "config.amazonaws.com", None, "service"),
        ("python-requests/2.31", "198.51.100.7", None, "other"),
        (None, "198.51.100.7", None, None),
        (None, "198.51.100.7", True, "console"),
        ({"a": 1}, 5, None, None),
    ],
)
def test_the_client_is_read_from_the_user_agent_the_source_and_the_console_flag(agent, source, from_console, expected):
    assert client(agent, source, from_console) == expected


def test_what_stands_beyond_the_kilobyte_of_a_user_agent_is_not_aws_words():
    assert client("curl " + "x" * 1_019 + " aws-cli/2.15.0", "198.51.100.7") == "other"
    assert client("aws-cli/2.15.0 " + "x" * 2_000, "198.51.100.7") == "cli"


def test_brackets_around_a_user_agent_are_removed_even_when_the_last_was_cut_off():
    assert plain_user_agent("[Boto3/1.26]") == "Boto3/1.26"
    assert plain_user_agent("[Boto3/1.26 Py") == "Boto3/1.26 Py"
    assert plain_user_agent("curl/8 [x]") == "curl/8 [x]"
    assert plain_user_agent("[]") is None


def test_a_forwarded_call_is_one_of_aws_only_without_a_client_address():
    assert is_aws_call("AWSService", "config.amazonaws.com", "config.amazonaws.com")
    assert is_aws_call("IAMUser", "AWS Internal", "AWS Internal")
    assert not is_aws_call("IAMUser", "cloudformation.amazonaws.com", "198.51.100.7")


def test_what_the_console_of_old_forwarded_without_an_address_a_person_did():
    assert not is_aws_call("IAMUser", "signin.amazonaws.com", "signin.amazonaws.com")
    assert is_aws_call("IAMUser", "signin.amazonaws.com.example", "signin.amazonaws.com")
    assert not is_aws_call("IAMUser", None, "AWS Internal")


def test_what_an_mcp_server_of_aws_forwarded_the_agent_of_a_person_did():
    for host in ("aws-mcp.amazonaws.com", "eks-mcp.amazonaws.com"):
        assert not is_aws_call("AssumedRole", host, host)
    assert is_aws_call("AWSService", "aws-mcp.amazonaws.com", "aws-mcp.amazonaws.com")
    assert is_aws_call("AssumedRole", "mcp.amazonaws.com.example", "mcp.amazonaws.com.example")


@pytest.mark.parametrize(
    "spelling",
    [
        "2023-07-10T12:24:29Z",
        "2023-07-10T14:24:29+02:00",
        "Jul 10, 2023 12:24:29 PM",
        "Jul 10, 2023, 12:24:29 PM",
        "Jul 10, 2023, 12:24:29\u202fPM",
        1688991869000,
        "1688991869000",
        1688991869000.0,
        1688991869,
        "1688991869.0",
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment(spelling):
    assert str(instant(spelling)) == "2023-07-10 12:24:29"


def test_a_list_is_read_in_each_way_services_write_it():
    one = {"id": "x"}
    assert [items(value) for value in ([one], {"items": [one]}, {"item": one}, one)] == [[one]] * 4
    assert [items(value) for value in (None, {}, "", {"items": []})] == [[]] * 4


def test_a_flag_is_a_boolean_or_its_word():
    assert [flag(value) for value in (True, "true", "True", "false", "yes", 1, None)] == [
        True,
        True,
        True,
        False,
        None,
        None,
        None,
    ]


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2))
def test_no_json_value_makes_a_source_raise(value):
    assert ip_scope(value) in {"public", "private", "aws-service", "aws-internal", "none"}
    assert ip_owner(value) is None
    assert client(value, value, None) is None or isinstance(client(value, value, None), str)
    assert is_aws_call(value, value, value) in {True, False}
    assert whole_number(value) is None or whole_number(value) >= 0
    assert instant(value) is None or instant(value).tzinfo is None
