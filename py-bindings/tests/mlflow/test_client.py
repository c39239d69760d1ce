"""The client and the faults that a way to a server can have."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from loopback import Answer, Loopback, free_port, values

from hitchpost import ApiError, UsageError
from hitchpost._hitchpost import TrackingClient
from hitchpost.mlflow.client import Client, connect

BUSY = Answer(503, {"code": "Unavailable", "message": "busy"})


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


@pytest.fixture
def client(server: Loopback) -> Client:
    return at(server)


def at(server: Loopback, more: str = "") -> Client:
    return connect(f"modelregistry://127.0.0.1:{server.port}{more}")


def test_json_comes_back_as_it_went(server: Loopback, client: Client) -> None:
    everything = list(values())
    server.then(Answer(body=everything))
    answer = client.post("/x", everything)
    assert server.asked[0].json == everything == answer
    assert [type(one) for one in answer] == [type(one) for one in everything]
    assert server.asked[0].headers["content-type"] == "application/json"


def test_numbers_that_json_does_not_have_are_texts(server: Loopback, client: Client) -> None:
    client.post("/x", [float("nan"), float("inf"), float("-inf")])
    assert server.asked[0].json == ["NaN", "Infinity", "-Infinity"]


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}, {"a": b"b"}, {1, 2}, 2**64, [10**400]])
def test_what_is_no_json_is_not_sent(server: Loopback, client: Client, value: object) -> None:
    with pytest.raises(TypeError):
        client.post("/x", value)
    assert server.asked == []


def test_parameters(server: Loopback) -> None:
    client = at(server, "/prefix/")
    params = {"name": "ä/ &=?+", "n": 1, "no": None, "flag": True, "list": [1, "b"]}
    client.get("/api/x", params)
    expected = "/prefix/api/x?name=%C3%A4%2F%20%26%3D%3F%2B&n=1&flag=true&list=1&list=b"
    assert server.paths() == [expected]


def test_an_empty_answer_is_none(server: Loopback, client: Client) -> None:
    server.then(Answer(204, b""), Answer(200, b""))
    assert client.delete("/x") is None
    assert client.post("/x") is None


def test_connections_are_kept(server: Loopback, client: Client) -> None:
    for _ in range(5):
        client.get("/x")
        client.post("/x", {})
    assert len({asked.peer for asked in server.asked}) == 1


def test_what_only_reads_is_tried_again(server: Loopback, client: Client) -> None:
    server.then(BUSY, Answer(502, b"<html>"), Answer(504), Answer(body={"a": 1}))
    assert client.get("/x") == {"a": 1}
    assert len(server.asked) == 4


def test_what_changes_is_not_tried_again(server: Loopback, client: Client) -> None:
    for call in (client.post, client.patch):
        server.then(BUSY)
        with pytest.raises(ApiError, match="busy") as raised:
            call("/x", {})
        assert (raised.value.status, raised.value.code) == (503, "Unavailable")
    assert len(server.asked) == 2


def test_what_is_said_to_be_idempotent_is(server: Loopback, client: Client) -> None:
    server.then(BUSY, Answer(drop=True), Answer(body={"a": 1}))
    assert client.post("/x", {"b": 2}, idempotent=True) == {"a": 1}
    assert [asked.json for asked in server.asked] == [{"b": 2}] * 3


def test_what_was_refused_for_haste_is_tried_later(server: Loopback, client: Client) -> None:
    server.then(Answer(429, headers={"Retry-After": "1"}))
    started = time.monotonic()
    client.post("/x", {})
    assert time.monotonic() - started >= 1
    assert len(server.asked) == 2


def test_there_is_an_end_to_it(server: Loopback) -> None:
    server.then(*[BUSY] * 9)
    with pytest.raises(ApiError, match="busy"):
        at(server, "?retries=2").get("/x")
    assert len(server.asked) == 3


@pytest.mark.parametrize("fault", [Answer(drop=True), Answer(reset=True)])
def test_a_lost_answer(server: Loopback, client: Client, fault: Answer) -> None:
    server.then(fault, Answer(body={"a": 1}))
    assert client.get("/x") == {"a": 1}
    server.then(fault)
    with pytest.raises(ApiError) as raised:
        client.post("/x", {})
    assert (raised.value.status, raised.value.code) == (None, "no-answer")
    assert "not known" in str(raised.value)
    assert len(server.asked) == 3


def test_a_connection_that_the_server_closed(server: Loopback, client: Client) -> None:
    server.then(Answer(close=True))
    client.get("/x")
    time.sleep(0.05)
    client.post("/y", {})
    assert server.paths() == ["/x", "/y"]
    assert len({asked.peer for asked in server.asked}) == 2


def test_half_an_answer(server: Loopback, client: Client) -> None:
    server.then(Answer(body=b"{}", headers={"Content-Length": "9"}, close=True))
    with pytest.raises(ApiError, match="no answer"):
        client.post("/x", {})


def test_nobody_is_there() -> None:
    client = connect(f"modelregistry://127.0.0.1:{free_port()}?retries=1")
    with pytest.raises(ApiError, match="the connection is refused") as raised:
        client.post("/x", {})
    assert (raised.value.status, raised.value.code) == (None, "unreachable")
    assert raised.value.path == "POST /x"


def test_a_server_that_starts_again() -> None:
    port = free_port()
    client = connect(f"modelregistry://127.0.0.1:{port}")
    found: list[object] = []
    caller = threading.Thread(target=lambda: found.append(client.post("/x", {})))
    caller.start()
    time.sleep(0.25)
    with Loopback(port=port) as server:
        caller.join()
        assert found == [{}]
        assert len(server.asked) == 1


def test_an_unknown_host() -> None:
    client = connect("modelregistry://no-such-host.invalid?retries=0")
    with pytest.raises(ApiError) as raised:
        client.get("/x")
    assert raised.value.code == "unreachable"


def test_a_slow_answer(server: Loopback) -> None:
    client = at(server, "?timeout=0.2&retries=1")
    server.then(Answer(delay=1), Answer(delay=1), Answer(body={"a": 1}))
    started = time.monotonic()
    with pytest.raises(ApiError, match="no answer in time"):
        client.get("/x")
    assert time.monotonic() - started < 0.9
    assert client.get("/x") == {"a": 1}


def test_others_run_meanwhile(server: Loopback, client: Client) -> None:
    server.then(Answer(delay=0.3))
    caller = threading.Thread(target=client.get, args=("/x",))
    caller.start()
    turns = 0
    while caller.is_alive():
        time.sleep(0.005)
        turns += 1
    assert turns > 10


def test_a_wait_can_be_interrupted(server: Loopback, client: Client) -> None:
    server.then(Answer(429, headers={"Retry-After": "20"}))
    threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        client.get("/x")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["])
def test_ctrl_c_while_the_server_is_silent(part: bytes) -> None:
    """In a process of its own: nothing else wakes its only thread."""
    script = (
        "import sys; from hitchpost.mlflow.client import connect\n"
        "try: connect(sys.argv[1]).get('/x')\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        uri = f"modelregistry://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-c", script, uri]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(part)
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=5)
    assert said == "interrupted\n"


@pytest.mark.parametrize(
    ("status", "message", "advice"),
    [
        (401, "does not know who asks", "MODEL_REGISTRY_TOKEN"),
        (403, "does not allow", None),
        (404, "404 Not Found", None),
        (410, "no longer has `/x`", "hitchpost model-registry"),
        (418, "418 I'm a teapot", None),
        (500, "500 Internal Server Error", None),
    ],
)
def test_what_the_server_refuses(
    server: Loopback, client: Client, status: int, message: str, advice: str | None
) -> None:
    server.then(Answer(status, b"<html>geheim</html>"))
    with pytest.raises(ApiError, match=message) as raised:
        client.post("/x", {})
    error = raised.value
    assert (error.status, error.code, error.path) == (status, f"http-{status}", "POST /x")
    assert (error.help is None) == (advice is None)
    assert (advice or "") in str(error)
    server.then(Answer(status, {"code": "a-code", "message": "its own words"}))
    with pytest.raises(ApiError, match="its own words") as raised:
        client.post("/x", {})
    assert raised.value.code == "a-code"


def test_redirects_are_not_followed(server: Loopback, client: Client) -> None:
    server.then(Answer(308, headers={"Location": "https://other.example/x?token=geheim"}))
    with pytest.raises(ApiError, match=r"sends on to `https://other.example/x`") as raised:
        client.get("/x")
    assert raised.value.code == "redirected"
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{", b'{"a": 1} 2', b"\xff", b"1e999"])
def test_what_is_no_json(server: Loopback, client: Client, body: bytes) -> None:
    server.then(Answer(body=body))
    with pytest.raises(ApiError, match="cannot be read") as raised:
        client.get("/x")
    assert (raised.value.status, raised.value.code) == (200, "not-json")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"'])
def test_what_is_no_answer_of_a_registry(server: Loopback, client: Client, body: bytes) -> None:
    server.then(Answer(body=body))
    with pytest.raises(ApiError, match="no model registry at") as raised:
        client.get("/x")
    assert (raised.value.status, raised.value.code) == (200, "not-json")


def test_json_without_end(server: Loopback, client: Client) -> None:
    server.then(Answer(body=b"[" * 100_000))
    with pytest.raises(ApiError, match="recursion"):
        client.get("/x")


def test_the_end_of_an_api_is_told_once(
    server: Loopback, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Deprecation": "@1700000000", "Sunset": "Sat, 01 May 2027 00:00:00 GMT"}
    server.then(Answer(headers=headers), Answer(headers=headers))
    client.get("/x")
    client.get("/x")
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.name for record in told] == ["hitchpost.mlflow.client"]
    assert "deprecated" in told[0].getMessage()
    assert "01 May 2027" in told[0].getMessage()


def test_each_call_is_told_who_wants_to_know(
    server: Loopback, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/x")
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, "hitchpost.mlflow")
    server.then(Answer(drop=True))
    client.get("/x", {"q": "geheim"})
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith(f"GET {client.uri}/x: no answer in ")
    assert said[1].startswith(f"GET {client.uri}/x: 200 in ")
    assert "geheim" not in "".join(said)


def test_a_history_in_pages(server: Loopback, client: Client) -> None:
    pages = [
        {"steps": [1, -2], "timestamps": [10, 20], "values": [0.5, "NaN"], "nextPageToken": "a&b"},
        {"steps": [3], "timestamps": [2**40], "values": ["-Infinity"], "nextPageToken": ""},
    ]
    server.then(*(Answer(body=page) for page in pages))
    steps, timestamps, history = client.metric_history("/h", {"name": "loss"})
    assert (steps, timestamps) == ([1, -2, 3], [10, 20, 2**40])
    assert [str(value) for value in history] == ["0.5", "nan", "-inf"]
    assert server.paths() == ["/h?name=loss", "/h?name=loss&pageToken=a%26b"]


def test_a_history_ends(server: Loopback, client: Client) -> None:
    empty = {"steps": [], "timestamps": [], "values": [], "nextPageToken": "again"}
    server.then(Answer(body=empty))
    assert client.metric_history("/h") == ([], [], [])
    server.then(Answer(body={**empty, "values": ["much"]}))
    with pytest.raises(ApiError) as raised:
        client.metric_history("/h")
    assert raised.value.code == "not-json"


def test_threads(server: Loopback, client: Client) -> None:
    faults: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for turn in range(50):
                client.post(f"/{thread}", {"turn": turn})
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for thread in range(8):
        turns = [asked.json["turn"] for asked in server.asked if asked.path == f"/{thread}"]
        assert turns == list(range(50))
    assert len({asked.peer for asked in server.asked}) <= 16


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork(server: Loopback, client: Client) -> None:
    client.get("/before")
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            client.get("/busy")

    caller = threading.Thread(target=busy)
    caller.start()
    for _ in range(10):
        if (child := os.fork()) == 0:
            try:
                client.post("/child", {})
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        client.get("/parent")
    stop.set()
    caller.join()
    of = {path: {it.peer for it in server.asked if it.path == path} for path in server.paths()}
    assert len(of["/child"]) == 10
    assert of["/child"].isdisjoint(of["/parent"] | of["/before"] | of["/busy"])
    assert len(of["/parent"] | of["/before"] | of["/busy"]) <= 3


def test_features(server: Loopback) -> None:
    ours = {"product": "hitchpost", "version": "0.1.0", "features": ["log-batch"]}
    for answer, features in [
        (Answer(body=ours), {"log-batch"}),
        (Answer(404, {"code": "Not Found", "message": "none"}), set()),
        (Answer(403, b"RBAC: access denied"), set()),
        (Answer(405), set()),
        (Answer(301, headers={"Location": "/login"}), set()),
        (Answer(body=b"<html>"), set()),
        (Answer(body={"product": "other", "features": ["log-batch"]}), set()),
        (Answer(body=[1]), set()),
    ]:
        client = at(server)
        server.then(answer)
        before = len(server.asked)
        assert client.features() == client.features() == features
        assert len(server.asked) == before + 1
    assert set(server.paths()) == {"/api/hitchpost/v1/features"}


def test_features_of_a_server_that_is_away(server: Loopback) -> None:
    client = at(server, "?retries=0")
    server.then(BUSY, Answer(401), Answer(404))
    for _ in range(2):
        with pytest.raises(ApiError):
            client.features()
    assert client.features() == frozenset()


def test_the_version_of_the_api(server: Loopback) -> None:
    assert (client := at(server)).api() == "/api/model_registry/v1alpha3"
    assert client.api() == client.api()
    assert len(server.asked) == 1
    for gone in (404, 410):
        server.then(Answer(gone))
        assert at(server).api() == "/api/model_registry/v1"
    assert at(server, "?api=v1").api() == "/api/model_registry/v1"
    server.then(Answer(404), Answer(404))
    with pytest.raises(ApiError, match="there is no model registry at") as raised:
        at(server).api()
    assert raised.value.code == "no-api"
    server.then(Answer(401))
    with pytest.raises(ApiError, match="who asks"):
        at(server).api()


@pytest.mark.parametrize(
    "option",
    ["timeout=no", "timeout=-1", "timeout=0", "retries=nan", "api=v2", "token_over_http=1"],
)
def test_options_that_cannot_be(option: str) -> None:
    with pytest.raises(UsageError):
        connect(f"modelregistry://127.0.0.1?{option}")


def test_mlflows_own_options(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    server.then(*[BUSY] * 5)
    with pytest.raises(ApiError):
        at(server).get("/x")
    assert len(server.asked) == 2


@pytest.mark.parametrize("url", ["ftp://h", "no url", "http://", "http://u:geheim@h"])
def test_urls_that_cannot_be(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        TrackingClient(url)
    assert "geheim" not in str(raised.value)


def test_hostile_names_in_json(server: Loopback, client: Client) -> None:
    body = json.dumps({"__class__": 1, "a" * 1000: {"a" * 1000: 2}}).encode()
    server.then(Answer(body=body))
    assert client.get("/x") == json.loads(body)
