"""With --pseudonyms nothing real is shown, everything keeps its form, and only the key file leads back."""

import io
import json
import re
import stat
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cases import QUERIES, case_of
from conftest import LOG_NAME, record, write_log
from hypothesis import example, given
from hypothesis import strategies as st
from runner import run

from trailquery import Lake, hidden
from trailquery.errors import UsageError
from trailquery.ingest import ingest
from trailquery.names import learn_names
from trailquery.output import FORMATS, write
from trailquery.pseudonyms import Pseudonyms
from trailquery.words import WORDS

NAMES = [
    "alice",
    "Deploy",
    "work-laptop",
    "payroll-bucket",
    "tax 2023.pdf",
    "My Docs",
    "al",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
]


@pytest.fixture
def known(tmp_path: Path) -> Pseudonyms:
    made = Pseudonyms(tmp_path / "case.key")
    made.keep(["ec2", "DescribeInstances", "us-east-1"])
    made.learn(NAMES)
    return made


@pytest.fixture
def shown_again() -> Iterator[None]:
    yield
    hidden.use(None)


def name_of(known: Pseudonyms, name: str) -> str:
    made = known.text(name)
    assert re.fullmatch(r"name-[a-z2-7]{6}(\.\w+)?", made)
    return made


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("111122223333", r"[0-9]{12}"),
        ("account 111122223333", r"account [0-9]{12}"),
        ("account 1111-2222-3333, mine", r"account [0-9]{4}-[0-9]{4}-[0-9]{4}, mine"),
        ("logs-1111-2222-3333", r"logs-[0-9]{4}-[0-9]{4}-[0-9]{4}"),
        ("ALICE and Alice", r"name-\w{6} and name-\w{6}"),
        ("DEPLOY/x", r"name-\w{6}/x"),
        ("trail-111122223333-logs", r"trail-[0-9]{12}-logs"),
        ("AKIAIOSFODNN7EXAMPLE", r"AKIA[A-Z2-7]{16}"),
        ("ASIAIOSFODNN7EXAMPLE", r"ASIA[A-Z2-7]{16}"),
        ("AROAIOSFODNN7EXAMPLE:alice", r"AROA[A-Z2-7]{16}:name-\w{6}"),
        ("bob.b@corp.example", r"name-\w{6}@example\.com"),
        ("i-0abc1234567890def", r"i-[0-9a-f]{17}"),
        ("sg-12345678 +tcp/22 0.0.0.0/0", r"sg-[0-9a-f]{8} \+tcp/22 0\.0\.0\.0/0"),
        ("o-exampleorg", r"o-[0-9a-f]{10}"),
        ("arn:aws:iam::111122223333:user/alice", r"arn:aws:iam::[0-9]{12}:user/name-\w{6}"),
        ("arn:aws-cn:sts::111122223333:assumed-role/Deploy/i-12345678", r"arn:aws-cn:sts::[0-9]{12}:assumed-role/name-\w{6}/i-[0-9a-f]{8}"),
        ("arn:aws:s3:::payroll-bucket/a b/c.csv", r"arn:aws:s3:::name-\w{6}/name-\w{6}/name-\w{6}\.csv"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:pay:7", r"arn:aws:lambda:eu-west-1:[0-9]{12}:function:name-\w{6}:7"),
        ("s3://payroll-bucket/AWSLogs/111122223333/2024/x.json.gz", r"s3://name-\w{6}/AWSLogs/[0-9]{12}/2024/name-\w{6}\.gz"),
        ("s3://payroll-bucket/AWSLogs/x.json.gz does not list it: planted", r"s3://name-\w{6}/AWSLogs/name-\w{6}\.gz does not list it: planted"),
        ("https://sqs.us-east-1.amazonaws.com/111122223333/x", r"https://sqs\.us-east-1\.amazonaws\.com/[0-9]{12}/x"),
        ("payroll-bucket.s3.us-east-1.amazonaws.com", r"name-\w{6}\.s3\.us-east-1\.amazonaws\.com"),
        ("Deploy/al", r"name-\w{6}/name-\w{6}"),
        ("ip-10-1-2-3.ec2.internal", r"ip-10-\d+-\d+-\d+\.ec2\.internal"),
        ("User: arn:aws:iam::111122223333:user/alice is not authorized", r"User: arn:aws:iam::[0-9]{12}:user/name-\w{6} is not authorized"),
        ("%7B%22x%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Falice%22%7D", r"%7B%22x%22%3A%22arn%3Aaws%3Aiam%3A%3A[0-9]{12}%3Auser%2Fname-\w{6}%22%7D"),
        ('{"userName":"zoe","n":111122223333,"user Agent":"alice\\n"}', r'\{"userName":"name-\w{6}","n":[0-9]{12},"user Agent":"name-\w{6}\\n"\}'),
        ('{"policyDocument":"{\\"Principal\\":{\\"AWS\\":\\"111122223333\\"}}"}', r'\{"policyDocument":"\{\\"Principal\\":\{\\"AWS\\":\\"[0-9]{12}\\"\}\}"\}'),
        ('{"broken": "alice', r'\{"broken": "name-\w{6}'),
    ],
)  # fmt: skip
def test_a_value_keeps_its_form(text: str, form: str, known: Pseudonyms) -> None:
    made = known.text(text)
    assert re.fullmatch(form, made)
    assert made != text
    assert known.text(made) == made  # what is a pseudonym already stays
    assert known.real(made) == text or text.startswith("%")


@pytest.mark.parametrize(
    "text",
    [
        "ec2.amazonaws.com", "DescribeInstances", "us-east-1", "AccessDenied", "iam:PassRole", "AWS::IAM::Role", "2024-03-01T10:05:00Z",
        "arn:aws:iam::aws:policy/ReadOnlyAccess", "ReadOnlyAccess", "AWSServiceRoleForSupport", "aws-cli/2.15.0 Chrome/120.0.0.0",
        "169.254.169.254", "127.0.0.1", "0.0.0.0/0", "::/0", "11111111-2222-3333-4444-555555555555", "root", "-", "", "alicetown",
        "d41d8cd98f00b204e9800998ecf8427e", "1709287500123", "12:34:56", '{"eventName":"DescribeInstances"}',
        "AWSLogs/o", "al was here", "1111-2222-3333-4444", "1111-2222-33334",
    ],
)  # fmt: skip
def test_what_is_awss_own_or_names_nobody_stays(text: str, known: Pseudonyms) -> None:
    assert known.text(text) == text


def test_an_account_as_the_console_shows_it_has_the_digits_of_its_pseudonym(known: Pseudonyms) -> None:
    for text in ("1111-2222-3333", '{"accountName":"1111-2222-3333"}'):
        assert known.text(text).replace("-", "") == known.text(text.replace("-", ""))


def test_names_in_other_capitals_have_pseudonyms_of_their_own_and_words_of_aws_stay(known: Pseudonyms) -> None:
    known.keep(["lambda"])
    known.learn(["Lambda", "Events", "zoe.quill"])
    made = [known.text(text) for text in ("zoe.quill", "Zoe.Quill", "ZOE.QUILL")]
    assert (len(set(made)), [known.real(one) for one in made]) == (3, ["zoe.quill", "Zoe.Quill", "ZOE.QUILL"])
    assert known.text("2,000 events of lambda") == "2,000 events of lambda"
    assert "Lambda" not in known.text("by Lambda")
    assert known.real(made[0].upper()) == made[0].upper()


def test_addresses_stay_apart_as_private_and_public_and_never_leave_their_ranges(known: Pseudonyms) -> None:
    made = {text: ip_address(known.text(text)) for text in ("198.51.100.7", "10.0.0.1", "192.168.1.1", "172.16.9.9", "100.64.0.1", "2001:db8::7")}  # fmt: skip
    assert made["198.51.100.7"] in ip_network("198.18.0.0/15")
    assert made["2001:db8::7"] in ip_network("2001:db8::/32")
    for private in ("10.0.0.1", "192.168.1.1", "172.16.9.9", "100.64.0.1"):
        assert made[private] in ip_network("10.0.0.0/8")
    assert known.text("2001:DB8:0::7") == str(made["2001:db8::7"])


def test_of_many_values_none_shares_a_pseudonym_or_gets_one_that_is_real(known: Pseudonyms) -> None:
    real = [f"203.0.{number // 256}.{number % 256}" for number in range(5_000)] + [f"10.0.0.{n}" for n in range(250)]
    known.learn(real)
    made = [known.text(one) for one in real]
    assert len(set(made)) == len(real)
    assert not set(made) & set(real)


def test_a_value_has_one_pseudonym_wherever_and_in_whatever_order_it_is_met(tmp_path: Path) -> None:
    texts = [
        "Deploy/work-laptop",
        "arn:aws:sts::111122223333:assumed-role/Deploy/work-laptop",
        "111122223333",
        "198.51.100.7",
    ]
    known = Pseudonyms(tmp_path / "case.key")
    known.learn(NAMES)
    first = {text: known.text(text) for text in texts}
    again = Pseudonyms(tmp_path / "case.key")  # nothing was saved: the key alone decides
    again.learn(NAMES)
    assert {text: again.text(text) for text in reversed(texts)} == first
    account, role = first["111122223333"], first["Deploy/work-laptop"]
    assert first[texts[1]] == f"arn:aws:sts::{account}:assumed-role/{role}"
    other = Pseudonyms(tmp_path / "other.key")
    assert other.text("198.51.100.7") != first["198.51.100.7"]


def test_the_key_file_is_its_owners_alone_and_two_that_write_it_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "case.key"
    one, two = Pseudonyms(file), Pseudonyms(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = {one.text("111122223333"): "111122223333", two.text("198.51.100.7"): "198.51.100.7"}
    one.save()
    two.save()
    assert {made: real for real, made in Pseudonyms(file).items()} == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(UsageError, match="--pseudonyms .*: No such file or directory; name a file that can be written"):
        Pseudonyms(tmp_path / "nowhere" / "case.key")
    file.write_text("{}")
    with pytest.raises(UsageError, match="no key file"):
        Pseudonyms(file)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*NAMES[:5], "111122223333", "198.51.100.7", "2001:db8::7", "x", "é"]),
            st.sampled_from(
                ["/", " ", '"', ", ", "%2F", "\n", "_", "=", " - ", '":"', " s3://", " arn:aws:iam::111122223333:user/"]
            ),
        )
    )
)
@example([("é", '"'), ("payroll-bucket", '":"'), ("work-laptop", ", "), ("é", "=")])
@example([("x", " s3://"), ("tax 2023.pdf", "/"), ("é", " ")])
@example([("x", " s3://"), ("é", ", "), ("tax 2023.pdf", "/"), ("x", " s3://")])
@example([("x", "="), ("2001:db8::7", " arn:aws:iam::111122223333:user/"), ("x", "="), ("2001:db8::7", " ")])
def test_no_known_name_stands_in_any_text_and_the_key_file_leads_back(parts: list[tuple[str, str]]) -> None:
    text = "".join(part for pair in parts for part in pair)
    known = PROPERTY
    made = known.text(text)
    for name in NAMES[:5]:
        assert not re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", made)
    if "%" not in text:
        assert known.real(made) == text
        assert known.text(made) == made


PROPERTY: Any = None


@pytest.fixture(autouse=True, scope="module")
def property_names(tmp_path_factory: pytest.TempPathFactory) -> None:
    global PROPERTY
    PROPERTY = Pseudonyms(tmp_path_factory.mktemp("property") / "key")
    PROPERTY.learn(NAMES)


# --- rows


def shown(rows: pa.Table, form: str) -> str:
    text = io.BytesIO()
    write(rows.to_reader(), form, text)
    if form == "parquet":
        return repr(pq.read_table(io.BytesIO(text.getvalue())).to_pylist())
    return text.getvalue().decode()


@pytest.mark.usefixtures("shown_again")
@pytest.mark.parametrize("form", FORMATS)
def test_text_is_replaced_in_columns_of_every_type(form: str, known: Pseudonyms) -> None:
    alice = ["alice", None, "alice"]
    rows = pa.table(
        {
            "plain": alice,
            "large": pa.array(alice, pa.large_string()),
            "coded": pa.array(alice).dictionary_encode(),
            "listed": [["alice"], None, []],
            "nested": [{"who": "alice", "at": [{"ip": "198.51.100.7"}], "n": 1}, None, None],
            "bytes": [b'{"userName": "zoe"}\xff', None, b"alice"],
            "number": [1, 2, None],
        }
    )
    hidden.use(known)
    said = shown(rows, form)
    hidden.use(None)
    assert not re.search("alice|zoe|198\\.51|616c696365", said)
    assert said.count(known.text("alice")) >= 5
    back = hidden.rows(rows.to_reader()).read_all()
    assert back == rows


@pytest.mark.usefixtures("shown_again")
def test_types_stay_and_a_union_is_refused(known: Pseudonyms, lake_of: Callable[..., Lake]) -> None:
    lake = lake_of([{}])
    hidden.use(known)
    rows = lake.sql("SELECT MAP {'alice': 1} AS m, raw, event_time, resources FROM events").arrow()
    assert hidden.rows(rows.to_reader()).read_all().schema == rows.schema
    with pytest.raises(UsageError, match="--pseudonyms: u is of type .*cast it to VARCHAR"):
        shown(lake.sql("SELECT union_value(a := 'alice') AS u").arrow(), "csv")


# --- lakes

# Words that a name of the cases shares with AWS or with columns of ours: services, managed policies, new_client_ips.
SHARED_WORDS = {"logs", "backup", "AdministratorAccess", "new", "all", "late", "Name"}
FORMS = [
    r"(?<![0-9])[0-9]{12}(?![0-9])",
    r"\bA(?:KIA|SIA|IDA|ROA)[A-Z0-9]{12,}",
    r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])",
    r"[\w.+-]+@[\w-]+\.[\w.-]+",
    r"(?<=:user/)[\w+=,.@-]+|(?<=:role/)[\w+=,.@-]+|(?<=:assumed-role/)[\w+=,.@/-]+|(?<=:group/)[\w+=,.@-]+",
]
NAMING = {
    "userName", "UserName", "roleName", "roleSessionName", "bucketName", "groupName", "policyName", "key", "instanceProfileName",
    "dBInstanceIdentifier", "functionName", "tableName", "secretId", "keyName", "displayName", "sourceIdentity", "principalTag",
}  # fmt: skip
_UUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NOBODYS = re.compile(r"^(?:127\.|0\.0\.0\.0|169\.254\.|255\.|root$)|amazonaws\.com|^AWSServiceRoleFor")


def real_values(value: Any, key: str = "") -> Iterator[str]:
    """What a record says of who and where, by forms and names of members that are written down here once more."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("eventID", "requestID", "sharedEventID", "userAgent"):
                yield from real_values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from real_values(inner, key)
    elif isinstance(value, str):
        found = [match for form in FORMS for match in re.findall(form, _UUID.sub("", value))]
        yield from (part for match in found for part in match.split("/"))
        if key in NAMING and value[:1] not in ("{", "["):
            yield from (value.split("/") if key == "key" else [value])


def reals_of(lake: Lake) -> dict[str, re.Pattern[str]]:
    raws = lake.sql("SELECT raw FROM history").arrow()["raw"].to_pylist()
    values = {real for raw in raws for real in real_values(json.loads(raw))} - SHARED_WORDS - WORDS
    telling = [
        real for real in values if len(real) > 2 and not _NOBODYS.search(real) and not re.fullmatch("[0-9]{1,4}", real)
    ]
    assert len(telling) > 100
    return {real: re.compile(rf"(?<![0-9A-Za-z]){re.escape(real)}(?![0-9A-Za-z])") for real in telling}


@pytest.mark.usefixtures("shown_again")
def test_no_query_of_the_library_shows_a_real_value(lake_of_cases: Lake, tmp_path: Path) -> None:
    reals, known = reals_of(lake_of_cases), Pseudonyms(tmp_path / "case.key")
    learn_names(lake_of_cases, known)
    hidden.use(known)
    answers = {name: lake_of_cases.run(query, **case_of(query).get("params", {})) for name, query in QUERIES.items()}
    answers |= {
        name: lake_of_cases.sql(f"FROM {name}") for name in ("sessions", "principals", "credential_issuance", "files")
    }
    answers["history"] = lake_of_cases.sql("FROM history USING SAMPLE 300 ROWS (reservoir, 1)")
    answers["hunt"] = lake_of_cases.hunt(severity="low", leads=True)
    made = {made for _, made in known.items()}
    leaks, told = [], 0
    for name, answer in answers.items():
        said = _UUID.sub("", shown(answer.arrow(), "jsonl"))
        told += len(said)
        leaks += [
            (name, real) for real, form in reals.items() if real in said and real not in made and form.search(said)
        ]
    assert leaks == []
    assert told > 1_000_000
    hidden.use(None)
    assert any(form.search(shown(answers["hunt"].arrow(), "jsonl")) for form in reals.values())


ROLE = "arn:aws:iam::444455556666:role/vault-keeper"
SECRETS = [
    "111122223333", "444455556666", "zoe.quill", "vault-keeper", "night-shift", "198.51.100.77", "AKIAIOSFODNN7QUILL77", "quill-ledgers", "q3 forecast.xlsx",
]  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case")
    caller = {
        "type": "IAMUser", "principalId": "AIDAIOSFODNN7EXAMPLE", "arn": "arn:aws:iam::111122223333:user/zoe.quill",
        "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7QUILL77", "userName": "zoe.quill",
    }  # fmt: skip
    events = [
        record(eventID="assumed", userIdentity=caller, sourceIPAddress="198.51.100.77", eventSource="sts.amazonaws.com",
               eventName="AssumeRole", requestParameters={"roleArn": ROLE, "roleSessionName": "night-shift"}),
        record(eventID="read", userIdentity=caller, sourceIPAddress="198.51.100.77", eventSource="s3.amazonaws.com", eventName="GetObject",
               eventCategory="Data", managementEvent=False, requestParameters={"bucketName": "quill-ledgers", "key": "2024/q3 forecast.xlsx"},
               errorCode="AccessDenied", errorMessage="User: arn:aws:iam::111122223333:user/zoe.quill is not authorized to read quill-ledgers"),
    ]  # fmt: skip
    ingest([write_log(folder / "logs" / LOG_NAME, [*events, "zoe.quill"])], folder / "lake")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        *[("sql", "SELECT * FROM events", "--format", form) for form in FORMATS],
        ("sql", "FROM rejects"), ("sql", "FROM files"), ("info",), ("info", "--format", "json"), ("files",), ("hunt", "--severity", "low", "--leads"),
        ("find", "zoe.quill"), ("find", "198.51.100.77"), ("find", "no such thing"), ("run", "timeline_key", "AKIAIOSFODNN7QUILL77"),
        ("run", "access_denied"), ("sql", "SELECT user_name::INTEGER FROM events"), ("schema", "--drift"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_shows_a_real_value_in_rows_notes_or_errors(arguments: tuple[str, ...], case: Path) -> None:
    said = run_bytes(case, *arguments, "--pseudonyms", "case.key")
    for secret in SECRETS:
        assert secret not in said


def test_an_object_lies_in_its_bucket_by_pseudonyms_as_well(case: Path) -> None:
    asked = "SELECT bucket, object_key, target, resources[1].name AS name FROM data_events"
    row = json.loads(run(case, "sql", asked, "--format", "jsonl", "--pseudonyms", "case.key").out)
    assert re.fullmatch(r"name-\w{6}", row["bucket"])
    assert row["object_key"].startswith("2024/")
    assert (row["target"], row["name"]) == (
        f"s3://{row['bucket']}/{row['object_key']}", f"{row['bucket']}/{row['object_key']}"
    )  # fmt: skip


def run_bytes(folder: Path, *arguments: str) -> str:
    """Everything a command writes; a Parquet file as what it holds."""
    if "parquet" not in arguments:
        said = run(folder, *arguments)
        return said.out + said.err
    said = run(folder, *arguments, "--output", "rows.parquet")
    assert said.code == 0
    return repr(pq.read_table(folder / "rows.parquet").to_pylist()) + said.err


def test_a_reader_of_the_key_file_gets_back_what_a_command_showed(case: Path) -> None:
    shown_, real = (
        run(case, "find", "zoe.quill", *more, "--format", "csv") for more in (("--pseudonyms", "case.key"), ())
    )
    assert shown_.out != real.out
    (name,) = set(re.findall(r"name-[a-z2-7]{6}(?=,198\.1)", shown_.out))
    assert run(case, "pseudonyms", "case.key", name).out == "zoe.quill\n"
    assert run(case, "pseudonyms", "case.key", "--", *shown_.err.splitlines()[-1].split()).out.split() == [
        *real.err.splitlines()[-1].split(),
        "--pseudonyms",
        "case.key",
    ]
    assert f"{name}  zoe.quill\n" in run(case, "pseudonyms", "case.key").out
    assert stat.S_IMODE((case / "case.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["a" * 100_000 + "%", "%" * 100_000, "%zz" * 33_000, "s3://" * 20_000])
def test_no_text_that_a_caller_may_send_takes_long(text: str, tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "case.names")
    started = time.process_time()
    assert names.text(text) == text
    assert time.process_time() - started < 10


@pytest.mark.parametrize("between", [" ", "-", "_"])
@pytest.mark.parametrize("key", ["s3://bucket/", '{"userName":"'])
def test_a_name_that_stands_many_times_in_one_text_does_not_take_long(
    key: str, between: str, known: Pseudonyms
) -> None:
    started = time.process_time()
    assert known.text(key + between.join(["alice"] * 40_000)).count(known.of("alice")) == 40_000
    assert time.process_time() - started < 10


def test_json_that_is_nested_too_deep_is_a_text(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "case.names")
    names.learn(["alice"])
    deep = "[" * 900 + '"alice"' + "]" * 900
    assert names.text(deep) == deep.replace("alice", names.of("alice"))
