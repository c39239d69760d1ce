"""What is wrong with the published plugin, `model-registry-mlflow` 0.0.1, each fault as a case.

A case is a function that uses MLflow against a tracking URI, and fails where the fault is. They
pass with our plugin; `test_published.py` runs them with the published one as well, by

    python -m tracking.published URI [--published FOLDER]

which prints, as JSON, what became of each. Every case has a process's MLflow and a server of its
own liking: nothing is assumed of what is there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import select
import signal
import sys
import threading
import uuid
from typing import TYPE_CHECKING

from tracking.checks import failure

if TYPE_CHECKING:
    from collections.abc import Callable

CASES: dict[str, Callable] = {}

# What the published plugin gets right against the newest server of upstream's, which no longer has
# the fault of its own behind it.
GONE_UPSTREAM = {"metrics_of_one_millisecond_are_all_kept", "what_a_server_adds_is_no_tag"}

SECONDS = 10


def case(function: Callable) -> Callable:
    CASES[function.__name__] = function
    return function


class Given:
    """What a case starts from."""

    def __init__(self, uri: str) -> None:
        from mlflow import MlflowClient

        self.uri = uri
        self.client = MlflowClient(uri)
        self.store = self.client._tracking_client.store
        self.experiment = self.client.create_experiment(f"fault-{uuid.uuid4().hex[:12]}")

    def run(self, name: str | None = None, **options) -> str:
        name = name or f"run-{uuid.uuid4().hex[:12]}"
        return self.client.create_run(self.experiment, run_name=name, **options).info.run_id


@case
def paging_past_a_thousand_artifacts_ends(given: Given) -> None:
    os.environ["MODEL_REGISTRY_ARTIFACT_PAGE_SIZE"] = "20"
    run = given.run()
    for n in range(50):
        given.client.log_param(run, f"p{n}", n)
    assert len(given.client.get_run(run).data.params) == 50


@case
def an_experiment_can_be_renamed(given: Given) -> None:
    name = f"renamed-{uuid.uuid4().hex[:12]}"
    given.client.rename_experiment(given.experiment, name)
    assert given.client.get_experiment(given.experiment).name == name


@case
def a_tag_does_not_reset_the_status(given: Given) -> None:
    run = given.run()
    given.client.set_terminated(run, "FINISHED")
    given.client.set_tag(run, "reviewed", "yes")
    assert given.client.get_run(run).info.status == "FINISHED"


@case
def a_tag_does_not_bring_back_the_deleted(given: Given) -> None:
    given.client.set_experiment_tag(given.experiment, "a", "b")
    given.client.delete_experiment(given.experiment)
    given.client.restore_experiment(given.experiment)
    run = given.run()
    given.client.delete_run(run)
    with contextlib.suppress(Exception):
        given.client.set_tag(run, "a", "b")
    assert given.client.get_run(run).info.lifecycle_stage == "deleted"


@case
def a_run_that_ended_has_an_end_time(given: Given) -> None:
    run = given.run(start_time=1_700_000_000_000)
    given.client.set_terminated(run, "FINISHED", 1_700_000_001_000)
    assert given.client.get_run(run).info.end_time == 1_700_000_001_000


@case
def doubles_of_properties_can_be_read(given: Given) -> None:
    write_property(
        given, "run_property", {"metadataType": "MetadataDoubleValue", "double_value": 0.5}
    )
    write_property(given, "whole", {"metadataType": "MetadataIntValue", "int_value": "7"})
    tags = given.client.search_runs([given.experiment])[0].data.tags
    assert (tags["run_property"], tags["whole"]) == ("0.5", "7")


@case
def not_a_number_can_be_logged(given: Given) -> None:
    run = given.run()
    given.client.log_metric(run, "loss", math.nan)
    assert math.isnan(given.client.get_run(run).data.metrics["loss"])


@case
def the_history_of_loss_is_not_that_of_val_loss(given: Given) -> None:
    run = given.run()
    given.client.log_metric(run, "val_loss", 2.0, step=1)
    given.client.log_metric(run, "loss", 1.0, step=2)
    assert [m.value for m in given.client.get_metric_history(run, "loss")] == [1.0]


@case
def metrics_of_one_millisecond_are_all_kept(given: Given) -> None:
    run = given.run()
    for step in range(5):
        given.client.log_metric(run, "loss", step / 10, timestamp=1_700_000_000_000, step=step)
    assert [m.step for m in given.client.get_metric_history(run, "loss")] == [0, 1, 2, 3, 4]


@case
def the_last_metric_is_that_of_the_greatest_step(given: Given) -> None:
    run = given.run()
    given.client.log_metric(run, "loss", 2.0, timestamp=10, step=2)
    given.client.log_metric(run, "loss", 1.0, timestamp=20, step=1)
    assert given.client.get_run(run).data.metrics == {"loss": 2.0}


@case
def logging_need_not_wait(given: Given) -> None:
    run = given.run()
    given.client.log_metric(run, "loss", 1.0, synchronous=False).wait()
    assert given.client.get_run(run).data.metrics == {"loss": 1.0}


@case
def runs_are_filtered(given: Given) -> None:
    for n in range(3):
        given.client.log_metric(given.run(f"r{n}"), "n", n)
    found = given.client.search_runs([given.experiment], "metrics.n > 1")
    assert [run.info.run_name for run in found] == ["r2"]


@case
def runs_are_ordered(given: Given) -> None:
    for n in (1, 0, 2):
        given.client.log_metric(given.run(f"r{n}"), "n", n)
    found = given.client.search_runs([given.experiment], order_by=["metrics.n DESC"])
    assert [run.info.run_name for run in found] == ["r2", "r1", "r0"]


@case
def runs_are_paged(given: Given) -> None:
    for n in range(3):
        given.run(f"r{n}")
    page = given.client.search_runs([given.experiment], max_results=2)
    assert len(page) == 2
    rest = given.client.search_runs([given.experiment], max_results=2, page_token=page.token)
    assert len({run.info.run_name for run in [*page, *rest]}) == 3


@case
def an_invalid_filter_is_said(given: Given) -> None:
    error = failure(given.client.search_runs, [given.experiment], "this is no filter")
    assert "filter" in str(error).lower()


@case
def experiments_are_filtered(given: Given) -> None:
    name = given.client.get_experiment(given.experiment).name
    found = given.client.search_experiments(filter_string=f"name = '{name}'")
    assert [experiment.name for experiment in found] == [name]


@case
def searching_costs_no_request_per_run(given: Given) -> None:
    few, many = requests_of_a_search(given, 2), requests_of_a_search(given, 10)
    assert many <= few + 1, f"{few} requests for 2 runs, {many} for 12"


@case
def params_are_not_overwritten(given: Given) -> None:
    run = given.run()
    given.client.log_param(run, "depth", 3)
    with contextlib.suppress(Exception):
        given.client.log_param(run, "depth", 4)
    assert given.client.get_run(run).data.params == {"depth": "3"}


@case
def names_of_runs_may_repeat(given: Given) -> None:
    assert given.run("same") != given.run("same")


@case
def experiments_may_share_a_place(given: Given) -> None:
    place = f"s3://bucket/{uuid.uuid4().hex[:12]}"
    for n in range(2):
        made = given.client.create_experiment(f"{place} {n}", place)
        assert given.client.get_experiment(made).artifact_location == place


@case
def models_of_one_name_do_not_share_a_place(given: Given) -> None:
    run = given.run()
    models = [given.client.create_logged_model(given.experiment, "same", run) for _ in range(2)]
    assert models[0].artifact_location != models[1].artifact_location


@case
def what_a_server_adds_is_no_tag(given: Given) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    run = given.run()
    given.client.log_inputs(
        run, [DatasetInput(Dataset("wine", "d", "local", "{}"), [InputTag("a", "b")])]
    )
    (dataset,) = given.client.get_run(run).inputs.dataset_inputs
    assert {tag.key: tag.value for tag in dataset.tags} == {"a": "b"}
    model = given.client.create_logged_model(given.experiment, "m", run, tags={"a": "b"})
    got = given.client.get_logged_model(model.model_id)
    assert got.tags == {"a": "b"}


@case
def a_prefix_of_the_path_is_kept(given: Given) -> None:
    seen = paths_asked(given.uri, "/tenants/alpha")
    assert seen, "nothing was asked"
    assert all(path.startswith("/tenants/alpha/api/") for path in seen), seen


@case
def https_needs_no_token(given: Given) -> None:
    from mlflow import MlflowClient

    # Nobody answers there; what matters is what is missing.
    error = failure(lambda: MlflowClient("modelregistry+https://127.0.0.1:9").get_experiment("1"))
    assert "token" not in str(error).lower(), error


@case
def a_named_authority_that_is_missing_is_an_error(given: Given) -> None:
    from mlflow import MlflowClient

    os.environ["MODELREGISTRY_CA_CERT_PATH"] = "/nowhere/ca.crt"
    os.environ["MODEL_REGISTRY_TOKEN"] = "t"
    error = failure(lambda: MlflowClient("modelregistry+https://127.0.0.1:9").get_experiment("1"))
    assert "/nowhere/ca.crt" in str(error), error


@case
def traces_are_refused_as_unsupported(given: Given) -> None:
    from mlflow.exceptions import MlflowException

    error = failure(lambda: given.store.get_trace_info("tr-1"))
    assert isinstance(error, MlflowException), repr(error)


def write_property(given: Given, key: str, value: dict) -> None:
    """Give a run a property as another client of the REST API would."""
    import requests

    root = "http://" + given.uri.partition("://")[2] + "/api/model_registry/v1alpha3"
    runs = given.client.search_runs([given.experiment])
    run = runs[0].info.run_id if runs else given.run()
    listed = requests.get(
        f"{root}/experiments/{given.experiment}/experiment_runs", timeout=SECONDS
    ).json()["items"]
    resource = listed[0]
    assert run
    answer = requests.patch(
        f"{root}/experiment_runs/{resource['id']}",
        json={
            "customProperties": {**resource.get("customProperties", {}), key: value},
            "state": "LIVE",
            "status": resource.get("status", "RUNNING"),
        },
        timeout=SECONDS,
    )
    assert answer.ok, answer.text


def requests_of_a_search(given: Given, more: int) -> int:
    """How many requests a search makes, after adding some runs."""
    for _ in range(more):
        given.client.log_metric(given.run(), "n", 1)
    host = given.uri.partition("://")[2]
    with Proxy(host) as proxy:
        from mlflow import MlflowClient

        client = MlflowClient(f"modelregistry://127.0.0.1:{proxy.port}")
        client.get_experiment(given.experiment)
        before = proxy.count
        client.search_runs([given.experiment])
        return proxy.count - before


class Proxy:
    """Passes requests on, and counts them."""

    def __init__(self, host: str) -> None:
        import http.server

        import requests

        proxy = self
        self.count = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments: object) -> None:
                pass

            def pass_on(self) -> None:
                proxy.count += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = requests.request(
                    self.command,
                    f"http://{host}{self.path}",
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=SECONDS,
                )
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PATCH = pass_on  # noqa: N815

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def paths_asked(uri: str, prefix: str) -> list[str]:
    """The paths of the requests that a client makes when its URI has a path."""
    import http.server

    from mlflow import MlflowClient

    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        MlflowClient(
            f"modelregistry://127.0.0.1:{server.server_address[1]}{prefix}"
        ).get_experiment("1")
    except Exception:
        pass
    finally:
        server.shutdown()
        server.server_close()
    return seen


def outcome(name: str, uri: str) -> str | None:
    """None when the case passes, else why it does not. In a process of its own: one of the faults
    is that it never ends.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            CASES[name](Given(uri))
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}"[:500].encode() or b"?")
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], SECONDS)
        if not ready:
            return f"not done after {SECONDS} s"
        return os.read(reading, 5000).decode(errors="replace") or None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("uri")
    arguments.add_argument("--published", help="the folder in which the published plugin is")
    given = arguments.parse_args()
    import mlflow.tracking

    assert mlflow.tracking  # once, not in every child

    if given.published:
        sys.path.insert(0, given.published)
        from mlflow.tracking._tracking_service import utils
        from model_registry_mlflow.tracking_store import ModelRegistryTrackingStore

        for scheme in ("modelregistry", "modelregistry+http", "modelregistry+https"):
            utils._tracking_store_registry.register(scheme, ModelRegistryTrackingStore)
    print(json.dumps({name: outcome(name, given.uri) for name in CASES}))


if __name__ == "__main__":
    main()
