"""What happens when things end in the middle: of a client, of a server, of a database."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
import uuid

import pytest
from mlflow.entities import Metric, Param

from tracking.checks import failure
from tracking.processes import Hitchpost, Way


@pytest.fixture
def server(store, tmp_path):
    with Hitchpost(store, tmp_path / "log") as server:
        yield server


def client_of(server: Hitchpost, **options: object):
    from mlflow import MlflowClient

    query = "&".join(f"{key}={value}" for key, value in options.items())
    uri = f"{server.tracking_uri}?{query}" if query else server.tracking_uri
    return MlflowClient(uri, uri)


def started_run(client, name: str = "durable") -> str:
    experiment = client.create_experiment(f"{name}-{uuid.uuid4().hex[:8]}")
    return client.create_run(experiment).info.run_id


def in_threads(count: int, work) -> list[BaseException]:
    """Runs `work(0)`, `work(1)`, … at once, and gives what they raised."""
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_eight_threads_of_a_thousand_metrics(server):
    client = client_of(server)
    run = started_run(client)

    def work(thread: int) -> None:
        for start in range(0, 1000, 50):
            if thread % 2:
                metrics = [Metric("shared", thread, n, n) for n in range(start, start + 50)]
                client.log_batch(run, metrics)
            else:
                for n in range(start, start + 50):
                    client.log_metric(run, "shared", thread, n, n)

    assert in_threads(8, work) == []
    history = client.get_metric_history(run, "shared")
    assert len(history) == 8000
    assert {(m.value, m.step) for m in history} == {(t, n) for t in range(8) for n in range(1000)}
    assert client.get_run(run).data.metrics == {"shared": 7.0}


def test_one_param_of_many_writers(server):
    """One value wins, and it is the one that everybody who was not refused has written."""
    client = client_of(server)
    run = started_run(client)
    failed = in_threads(8, lambda n: client.log_param(run, "p", n))
    assert len(failed) == 7
    assert all("Changing param values is not allowed" in str(error) for error in failed)


def test_tags_of_many_writers(server):
    client = client_of(server)
    run = started_run(client)
    failed = in_threads(8, lambda n: [client.set_tag(run, f"t{n}.{k}", k) for k in range(25)])
    assert failed == []
    tags = client.get_run(run).data.tags
    assert sum(key.startswith("t") for key in tags) == 200


def test_one_name_of_many_writers(server):
    client = client_of(server)
    name = f"taken-{uuid.uuid4().hex[:8]}"
    failed = in_threads(8, lambda _: client.create_experiment(name))
    assert len(failed) == 7
    assert {error.error_code for error in failed} == {"RESOURCE_ALREADY_EXISTS"}


def test_versions_of_many_writers(server):
    client = client_of(server)
    name = f"model-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(name)
    failed = in_threads(8, lambda _: client.create_model_version(name, "s3://b/m"))
    assert failed == []
    versions = client.search_model_versions(f"name = '{name}'")
    assert sorted(int(version.version) for version in versions) == list(range(1, 9))


def test_what_was_acknowledged_outlives_sigkill(server):
    """Writers note what was acknowledged; the server is killed under them, several times."""
    client = client_of(server, retries=0)
    run = started_run(client)
    acknowledged: list[set[int]] = [set() for _ in range(4)]
    stop = threading.Event()

    def write(thread: int) -> None:
        n = 0
        while not stop.is_set():
            with contextlib.suppress(Exception):
                if thread % 2:
                    client.log_batch(
                        run, [Metric(f"m{thread}", n, n, n)], [Param(f"p{thread}.{n}", "v")]
                    )
                else:
                    client.log_metric(run, f"m{thread}", n, n, n)
                acknowledged[thread].add(n)
            n += 1

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            time.sleep(0.4)
            server.kill()
            server.start()
        time.sleep(0.2)
    finally:
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
    server.start()
    client = client_of(server)
    data = client.get_run(run).data
    for thread, wanted in enumerate(acknowledged):
        kept = {metric.step for metric in client.get_metric_history(run, f"m{thread}")}
        assert wanted, "nothing was acknowledged"
        assert wanted <= kept
        if thread % 2:
            # A batch is there whole, or not at all.
            params = {int(key.partition(".")[2]) for key in data.params if key[:2] == f"p{thread}"}
            assert params == kept
    assert data.metrics == {f"m{t}": float(max(self_kept(client, run, t))) for t in range(4)}


def self_kept(client, run: str, thread: int) -> list[int]:
    return [metric.step for metric in client.get_metric_history(run, f"m{thread}")]


def test_a_restart_in_mid_batch_is_not_noticed(server):
    """A batch can be sent again: what was written already is not written twice."""
    client = client_of(server)
    run = started_run(client)

    def restart(_: int) -> None:
        for _ in range(3):
            time.sleep(0.15)
            server.kill()
            server.start()

    def write(_: int) -> None:
        for batch in range(60):
            metrics = [Metric("m", n, n, n) for n in range(batch * 20, batch * 20 + 20)]
            client.log_batch(run, metrics)
            time.sleep(0.01)

    assert in_threads(2, lambda n: (restart, write)[n](n)) == []
    history = client.get_metric_history(run, "m")
    assert [metric.step for metric in history] == list(range(1200))


def test_what_is_not_safe_to_repeat_is_not_repeated(server):
    """A run that may have been made already is not made a second time."""
    client = client_of(server)
    experiment = client.create_experiment(f"once-{uuid.uuid4().hex[:8]}")
    stop = threading.Event()
    made: list[str] = []

    def create(_: int) -> None:
        n = 0
        while not stop.is_set():
            with contextlib.suppress(Exception):
                client.create_run(experiment, run_name=f"run-{n}")
                made.append(f"run-{n}")
            n += 1

    def restart(_: int) -> None:
        for _ in range(3):
            time.sleep(0.3)
            server.kill()
            server.start()
        stop.set()

    in_threads(2, lambda n: (create, restart)[n](n))
    names = [run.info.run_name for run in client.search_runs([experiment], max_results=50000)]
    assert len(names) == len(set(names)), "a run was made twice"
    assert set(made) <= set(names)


def test_sigterm_ends_it_well(server):
    client = client_of(server)
    run = started_run(client)
    client.log_metric(run, "m", 1.0)
    assert server.stop() == 0
    server.start()
    assert client_of(server).get_run(run).data.metrics == {"m": 1.0}


def test_a_server_that_is_gone_is_said(server):
    client = client_of(server, retries=1)
    run = started_run(client)
    server.kill()
    started = time.monotonic()
    error = failure(client.get_run, run)
    assert time.monotonic() - started < 10
    assert f"127.0.0.1:{server.port}" in str(error)


def test_a_database_that_goes_comes_back(kind, tmp_path):
    """PostgreSQL drops the connections: calls fail for a moment at most, and nothing is lost."""
    if kind != "postgres":
        pytest.skip("SQLite is a file")
    import psycopg2

    from tracking.conftest import POSTGRES, database

    with database() as store, Hitchpost(store, tmp_path / "log") as server:
        client = client_of(server)
        run = started_run(client)
        connection = psycopg2.connect(POSTGRES)
        connection.autocommit = True
        cursor = connection.cursor()
        for n in range(20):
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (store.rpartition("/")[2],),
            )
            client.log_batch(run, [Metric("m", n, n, n)])
        cursor.execute(f"ALTER DATABASE {store.rpartition('/')[2]} ALLOW_CONNECTIONS false")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (store.rpartition("/")[2],),
        )
        gone = client_of(server, retries=0)
        error = failure(gone.log_metric, run, "m", 99, 99, 99)
        assert error.get_http_status_code() in (500, 503)
        assert store.rpartition("/")[0] not in str(error), "it tells the password"
        cursor.execute(f"ALTER DATABASE {store.rpartition('/')[2]} ALLOW_CONNECTIONS true")
        client.log_metric(run, "m", 100, 100, 100)
        steps = [metric.step for metric in client.get_metric_history(run, "m")]
        assert steps == [*range(20), 100]
        connection.close()


def test_a_database_server_that_is_gone_is_told_at_once(kind, tmp_path):
    """Nothing listens where PostgreSQL did: nobody waits to hear that, until it is back."""
    if kind != "postgres":
        pytest.skip("SQLite is a file")
    from urllib.parse import urlsplit

    from tracking.conftest import database

    with database() as store, contextlib.ExitStack() as stack:
        url = urlsplit(store)
        way = stack.enter_context(Way(url.hostname, url.port))
        through = store.replace(f"@{url.hostname}:{url.port}/", f"@127.0.0.1:{way.port}/")
        server = stack.enter_context(Hitchpost(through, tmp_path / "log"))
        client = client_of(server, retries=0)
        run = started_run(client)
        client.log_metric(run, "m", 1, 1, 1)
        way.close()

        def ask(thread: int) -> None:
            started = time.monotonic()
            work = client.get_run if thread % 2 else client.log_metric
            error = failure(work, run, *([] if thread % 2 else ["m", 2, 2, 2]))
            assert error.get_http_status_code() == 503
            assert time.monotonic() - started < 1.5

        # More than there are connections to the database.
        assert in_threads(40, ask) == []
        way.open()
        client.log_metric(run, "m", 3, 3, 3)
        assert client.get_run(run).data.metrics == {"m": 3}


def test_a_full_disk(kind, tmp_path):
    """What cannot be written is refused; what was written stays; reading goes on."""
    if kind != "sqlite":
        pytest.skip("PostgreSQL's own disk")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be made here: it takes root and `mount`")
    try:
        with Hitchpost(f"sqlite://{folder}/registry.db", tmp_path / "log") as server:
            client = client_of(server, retries=0)
            run = started_run(client)
            written = []

            def fill() -> None:
                for n in range(10_000):
                    client.set_tag(run, f"t{n}", "x" * 5000)
                    written.append(f"t{n}")

            assert failure(fill).get_http_status_code() >= 500
            assert written
            tags = client.get_run(run).data.tags
            assert set(written) <= set(tags)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
