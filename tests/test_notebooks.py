"""The notebooks: committed clean, right on a simulated incident, and harmless in a real browser."""

import ast
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Page, expect, sync_playwright

from trailquery import open_lake
from trailquery.ingest import ingest
from trailquery.simulate import simulate

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
TRIAGE = next(path for path in NOTEBOOKS if path.name == "1_triage.ipynb")
PARAMETERS = {"lake", "key", "since", "until"}
STORY_DAY = {"since": "2026-11-20", "until": "2026-11-21"}
HOSTILE_AGENT = "<script>window.ran = 'agent'</script><img src=x onerror=\"window.ran = 'agent'\">"
HOSTILE_API = "<b>Bold</b><a href='javascript:void(window.ran=1)'>link</a>"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # All cells in the page, not only those in sight.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


class Story:
    """A simulated lake with the leaked key, and what its answer key says."""

    def __init__(self, folder: Path) -> None:
        self.lake = folder / "lake"
        truth = simulate(folder / "logs", events=5_000, days=3, layout="account").story
        self.subjects = truth["subjects"]
        with gzip.open(folder / "hostile.json.gz", "wt") as log:
            json.dump({"Records": hostile_records(self.subjects["access_key_id"])}, log)
        ingest([folder / "logs", folder / "hostile.json.gz"], self.lake)


def hostile_records(key: str) -> list[dict[str, Any]]:
    """A sign-in by a browser whose name is a script, and a call with `key` of an API whose name is markup."""
    common = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "accountId": "111122223333",
            "principalId": "AIDAIOSFODNN7EXAMPLE",
            "userName": "ci-deploy",
        },
        "eventTime": "2026-11-20T00:00:01Z",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.40",
        "userAgent": HOSTILE_AGENT,
        "recipientAccountId": "111122223333",
    }
    sign_in = {
        "eventID": "hostile-sign-in",
        "eventType": "AwsConsoleSignIn",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "responseElements": {"ConsoleLogin": "Failure"},
    }
    call = {
        "eventID": "hostile-call",
        "eventType": "AwsApiCall",
        "eventSource": "sts.amazonaws.com",
        "eventName": HOSTILE_API,
        "eventTime": "2026-11-20T23:59:58Z",
        "userIdentity": common["userIdentity"] | {"accessKeyId": key},
    }
    return [common | sign_in, common | call]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


def cells(notebook: Any, kind: str) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def with_parameters(path: Path, **parameters: Any) -> Any:
    """The notebook at `path` with these values set after its own, as papermill does."""
    notebook = nbformat.read(path, as_version=4)
    place = next(n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source))
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = cells(notebook, "code")
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert [cell.execution_count for cell in code] == [None] * len(code)
    assert {name for cell in notebook.cells for name in cell.metadata} <= {"tags", "scrolled"}
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_and_tells_and_leaves_the_logic_to_the_package(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    trees = [ast.parse(cell.source) for cell in cells(notebook, "code")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
    assert {str(module).partition(".")[0] for module in modules} == {"trailquery"}
    assert [cell.source for cell in cells(notebook, "code") if len(cell.source.splitlines()) > 10] == []
    assert [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.For)] == []
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_one_cell_of_parameters_with_plain_defaults(path: Path) -> None:
    tagged = [c for c in nbformat.read(path, as_version=4).cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    body = ast.parse(tagged[0].source).body
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in body}
    assert values["lake"] == "../demo/lake"
    assert set(values) >= PARAMETERS


@pytest.fixture(scope="session")
def triage(story: Story, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The executed triage notebook: the outputs of each code cell by its source."""
    notebook = with_parameters(TRIAGE, lake=str(story.lake), **STORY_DAY)
    folder = tmp_path_factory.mktemp("executed")
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute(env=os.environ | {"IPYTHONDIR": str(folder / "ipython")})
    return {cell.source: cell.outputs for cell in cells(notebook, "code")}


def table_rows(outputs: list[Any]) -> list[dict[str, str]]:
    """The rows of the one HTML table that a cell shows."""
    (output,) = outputs
    lines = re.findall("<tr>(.*?)</tr>", output.data["text/html"])
    names, *rows = (re.findall("<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines)
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_every_cell_of_triage_shows_one_thing_or_nothing_and_no_error(triage: dict[str, Any]) -> None:
    kinds = [[output.output_type for output in outputs] for outputs in triage.values()]
    shown = [
        ["display_data" if "timeline(" in source or "coverage(" in source else "execute_result"] for source in triage
    ]
    assert kinds == [[], [], [], *shown[3:]]


def test_triage_follows_the_leaked_key_to_its_owner_and_the_foreign_address(
    triage: dict[str, Any], story: Story
) -> None:
    (owner,) = next(table_rows(outputs) for source, outputs in triage.items() if "who_is_key" in source)
    found = [owner[name] for name in ("owner", "account_id", "first_foreign_use", "foreign_ip", "denied")]
    assert found == ["ci-deploy", "111122223333", "2026-11-20T02:11:09Z", "198.51.100.7", "3"]
    (made,) = table_rows(triage['trail.run("keys_created")'])
    assert made["created_key"] == story.subjects["created_access_key_id"]
    (refused,) = table_rows(triage['trail.run("trail_tampering")'])
    assert [refused[name] for name in ("actor", "action", "outcome")] == ["deploy2", "cloudtrail:StopLogging", "denied"]
    visits = table_rows(triage["visits"])
    assert {row["actor"].partition("/")[0] for row in visits} == {
        "ci-deploy",
        "deploy2",
        "account 111122223333",
        "dev-admin",
    }
    assert visits[-1]["target"] == refused["target"]


def test_triage_hunts_before_it_looks_for_itself(triage: dict[str, Any]) -> None:
    found = {(row["query"], row["outcome"], row["actor"]) for row in table_rows(triage["trail.hunt()"])}
    story = {("key_in_two_hands", "success", "ci-deploy"), ("trail_tampering", "attempt", "deploy2")}
    assert story | {("key_used_by_its_maker", "success", "deploy2")} <= found


def test_triage_looks_only_at_the_time_asked_for(triage: dict[str, Any]) -> None:
    days = {row["first_hour"][:10] for row in table_rows(triage['trail.run("coverage")'])}
    assert days == {"2026-11-20"}


def test_the_timelines_of_triage_are_plotly_figures_of_every_event(triage: dict[str, Any], story: Story) -> None:
    shown = [outputs[0].data for source, outputs in triage.items() if "timeline(" in source]
    figures = [data["application/vnd.plotly.v1+json"] for data in shown]
    points = [sum(len(trace["hovertext"]) for trace in figure["data"]) for figure in figures]
    day = open_lake(story.lake).narrowed(**STORY_DAY)
    key, ip = story.subjects["access_key_id"], story.subjects["ip"]
    rows = [day.run("access_denied"), day.run("timeline_key", key=key), day.run("timeline_ip", ip=ip)]
    assert points == [len(result) for result in rows]


def chromium() -> str:
    """The path of Debian's chromium; skips where it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    return str(path)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves tmp_path/notebooks and keeps all it writes in tmp_path."""
    for name, values in LAB_SETTINGS.items():
        (tmp_path / "settings" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "settings" / name).write_text(json.dumps(values), encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    kept = (
        "HOME",
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    env = os.environ | {name: str(tmp_path / name.lower()) for name in kept}
    env["JUPYTERLAB_SETTINGS_DIR"] = str(tmp_path / "settings")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "ip": "127.0.0.1",
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "allow_root": True,
        "root_dir": tmp_path / "notebooks",
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--IdentityProvider.token="]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        started = any("is running at" in line for line in server.stderr)
        reader = threading.Thread(target=deque, args=(server.stderr, 0))
        reader.start()
        try:
            assert started, "JupyterLab did not start"
            yield f"http://127.0.0.1:{port}/lab/tree/triage.ipynb"
        finally:
            server.terminate()
            reader.join()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path / "browser",
            executable_path=chromium(),
            args=CHROMIUM_FLAGS,
            env=os.environ | {"HOME": str(tmp_path / "home")},
            viewport={"width": 1400, "height": 1000},
        )
        browser.set_default_timeout(60_000)
        yield browser.pages[0]
        browser.close()


def test_triage_in_a_browser_draws_its_timelines_and_obeys_nothing_that_the_logs_say(
    page: Page, lab: str, story: Story, tmp_path: Path
) -> None:
    nbformat.write(with_parameters(TRIAGE, lake=str(story.lake)), tmp_path / "notebooks" / "triage.ipynb")
    hosts, dialogs = set[str | None](), list[str]()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("websocket", lambda websocket: hosts.add(urlsplit(websocket.url).hostname))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
    page.goto(lab)
    run_all(page)

    assert page.locator(".jp-RenderedText").all_text_contents() == []  # an error or a warning would be one
    assert page.locator("td").filter(has_text=HOSTILE_AGENT).all_text_contents() == [HOSTILE_AGENT]
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(4)  # coverage, and three timelines
    uses = open_lake(story.lake).run("timeline_key", key=story.subjects["access_key_id"])
    points = charts.nth(2).locator(".points path")
    expect(points).to_have_count(len(uses))
    points.last.hover(force=True)
    expect(charts.nth(2).locator(".hoverlayer")).to_contain_text(f"action: sts:{HOSTILE_API}target: -")
    assert charts.nth(2).locator(".ytick text").all_text_contents()[-1] == f"sts:{HOSTILE_API[:20]}…{HOSTILE_API[-23:]}"
    assert charts.locator("svg a").count() == 0
    assert page.evaluate("window.ran") is None
    assert dialogs == []
    assert hosts - {None} == {"127.0.0.1"}


def run_all(page: Page) -> None:
    """Run every cell and wait until the last one is done and its chart is drawn."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    code = page.locator(".jp-Notebook .jp-CodeCell")
    code.first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").click()
    last = code.count()
    expect(code.last.locator(".jp-InputPrompt")).to_have_text(f"[{last}]:", timeout=60_000)
    expect(page.locator(".js-plotly-plot .points path").last).to_be_visible(timeout=60_000)
