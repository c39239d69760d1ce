"""`search_runs`: MLflow's grammar, its order, its pages."""

import math

import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType

from tracking.checks import failure, found, refused

# name: start, end, status, metrics, params, tags
RUNS = {
    "a": (100, 150, "FINISHED", {"loss": 0.1, "n": 1}, {"model": "Tree", "lr": "0.1"}, {"t": "x"}),
    "b": (200, 250, "FAILED", {"loss": 0.2, "n": 2}, {"model": "tree", "lr": "0.01"}, {"t": "X"}),
    "c": (300, 350, "FINISHED", {"loss": 0.3, "n": 3}, {"model": "Forest"}, {"t": "50%", "u": "1"}),
    "d": (400, None, "RUNNING", {"loss": math.nan}, {"model": "50%"}, {"u": "2"}),
    "e": (500, 550, "KILLED", {"loss": -1e300}, {}, {"u": "a'b"}),
    "f": (500, 560, "FINISHED", {}, {"model": "_ree"}, {"u": 'a"b'}),
}


NO_NULL = pytest.mark.not_in("3.0", "its grammar did not have it")


@pytest.fixture(scope="module")
def six(backend):
    client = backend.client()
    experiment = client.create_experiment(f"search {backend.name}")
    ids = {}
    for name, (start, end, status, metrics, params, tags) in RUNS.items():
        run = client.create_run(experiment, start, {"mlflow.user": "ada"}, name).info.run_id
        client.log_batch(
            run,
            [Metric(key, value, start, 0) for key, value in metrics.items()],
            [Param(*item) for item in params.items()],
            [RunTag(*item) for item in tags.items()],
        )
        # What the metric was before does not count.
        if "n" in metrics:
            client.log_metric(run, "n", 99, timestamp=1, step=-1)
        if end:
            client.set_terminated(run, status, end)
        ids[name] = run
    return experiment, ids


@pytest.fixture
def search(backend, six):
    def search(filter_string="", order_by=("run_name",), **options):
        names = found(backend.client(), six[0], filter_string, order_by=list(order_by), **options)
        return "".join(names)

    return search


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", "abcdef"),
        ("metrics.loss < 0.25", "abe"),
        ("metrics.loss <= 0.2", "abe"),
        ("metrics.loss = 0.1", "a"),
        ("metrics.loss > 0.1", "bc"),
        ("metrics.loss >= 1e-1", "abc"),
        ("metrics.loss != 0.1", "bcde"),
        ("metric.n > 1 and metrics.loss < 0.3", "b"),
        ("metrics.`n` = 3", "c"),
        ('metrics."n" = 3', "c"),
        ("metrics.none > 0", ""),
        ("metrics.loss < -1", "e"),
        ("params.model = 'Tree'", "a"),
        ('params.model = "Tree"', "a"),
        ("param.model != 'Tree'", "bcdf"),
        ("params.model LIKE '%ree'", "abf"),
        ("params.model LIKE 'T%'", "a"),
        ("params.model ILIKE 't%'", "ab"),
        ("params.model LIKE '_ree'", "abf"),
        ("params.model = '_ree'", "f"),
        ("params.model = '50%'", "d"),
        ("params.model LIKE '50%'", "d"),
        ("parameters.lr = '0.1'", "a"),
        ("tags.t = 'x'", "a"),
        ("tag.t ILIKE 'X'", "ab"),
        ('tags.u = "a\'b"', "e"),
        ("tags.u LIKE '%b'", "ef"),
        ("tags.t != 'x'", "bc"),
        ("tags.mlflow.user = 'ada'", "abcdef"),
        ("tags.`mlflow.runName` = 'c'", "c"),
        ("status = 'FINISHED'", "acf"),
        ("attributes.status != 'FINISHED'", "bde"),
        ("attribute.status = 'RUNNING'", "d"),
        ("status LIKE 'F%'", "abcf"),
        ("status = 'finished'", ""),
        ("start_time > 200", "cdef"),
        ("start_time >= 200 AND start_time < 500", "bcd"),
        ("attributes.start_time = 500", "ef"),
        ("end_time > 300", "cef"),
        ("end_time != 150", "bcef"),
        ("run_name = 'a'", "a"),
        ("attributes.run_name LIKE '%'", "abcdef"),
        ("`run name` = 'a'", "a"),
        ("attributes.`Run name` != 'a'", "bcdef"),
        ("run_name ILIKE 'A'", "a"),
        ("user_id = 'ada'", "abcdef"),
        ("user_id != 'ada'", ""),
        ("created > 200", "cdef"),
        pytest.param("params.model IS NULL", "e", marks=NO_NULL),
        pytest.param("params.model IS NOT NULL AND tags.t IS NULL", "df", marks=NO_NULL),
        ("metrics.loss > 0.1 metrics.n > 2", "c"),
        ("AND", "abcdef"),
        ("artifact_uri LIKE '%artifacts'", "abcdef"),
        (
            "params.model = 'Tree' AND metrics.loss = 0.1 AND tags.t = 'x' AND status = 'FINISHED'",
            "a",
        ),
        ("params.model = 'Tree' AND params.lr = '0.01'", ""),
        ("metrics.loss > 0.1 AND metrics.loss < 0.3", "b"),
        ("   metrics.loss    >   0.1   ", "bc"),
    ],
)
def test_conditions(search, condition, expected):
    assert search(condition) == expected


def test_by_id(search, six):
    _, ids = six
    assert search(f"attributes.run_id = '{ids['c']}'") == "c"
    assert search(f"run_id != '{ids['c']}'") == "abdef"
    assert search(f"run_id IN ('{ids['c']}', '{ids['a']}', 'none')") == "ac"
    assert search(f"run_id NOT IN ('{ids['c']}', '{ids['a']}')") == "bdef"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "efdcba"),  # the newest first, then by id: made so below
        (["start_time"], "abcd(ef)"),
        (["start_time DESC"], "(ef)dcba"),
        (["attributes.start_time ASC", "run_name DESC"], "abcdfe"),
        (["metrics.loss"], "eabcdf"),  # NaN after the numbers, then what has none
        (["metrics.loss DESC"], "cbaedf"),
        (["metrics.n DESC", "run_name"], "cbadef"),
        (["params.model", "run_name"], "dcafbe"),
        (["params.lr DESC", "run_name"], "abcdef"),
        (["tags.u", "run_name"], "cdfeab"),
        (["tag.`u` DESC", "run_name ASC"], "efdcab"),
        (["status", "run_name"], "bacfed"),
        (["end_time", "run_name"], "abcefd"),
        (["end_time DESC", "run_name"], "fecbad"),
        (["run_name DESC"], "fedcba"),
        (["created"], "abcd(ef)"),
        (["user_id", "run_name"], "abcdef"),
        (["metrics.none", "run_name"], "abcdef"),
    ],
)
def test_orders(search, six, order, expected):
    _, ids = six
    tie = "".join(sorted("ef", key=ids.get))
    expected = tie + "dcba" if not order else expected.replace("(ef)", tie)
    assert search(order_by=order) == expected


@pytest.mark.parametrize("order", [["start_time"], ["metrics.loss DESC"], []])
@pytest.mark.parametrize("condition", ["", "start_time > 100"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_add_up(backend, six, search, order, condition, size):
    whole = search(condition, order)
    client, seen, token = backend.client(), "", None
    for _ in range(10):
        page = client.search_runs(
            [six[0]], condition, max_results=size, order_by=order, page_token=token
        )
        seen += "".join(run.info.run_name for run in page)
        token = page.token
        if not token:
            break
        assert len(page) == size
    assert seen == whole


def test_results_carry_all_data(backend, six):
    runs = {r.info.run_name: r for r in backend.client().search_runs([six[0]])}
    for name, run in runs.items():
        start, end, status, metrics, params, tags = RUNS[name]
        assert (run.info.start_time, run.info.end_time, run.info.status) == (start, end, status)
        assert set(run.data.metrics) == set(metrics)
        assert run.data.params == params
        assert tags.items() <= run.data.tags.items()
        assert run.info.run_id == six[1][name]
        assert run.info.experiment_id == six[0]


def test_several_experiments_in_one_order(client, name):
    ids = [client.create_experiment(f"{name} {n}") for n in range(3)]
    for n in range(9):
        client.create_run(ids[n % 3], start_time=n + 1, run_name=str(n))
    assert found(client, ids, order_by=["start_time"]) == list("012345678")
    assert found(client, ids[:2], order_by=["start_time"]) == list("013467")
    first = client.search_runs(ids, order_by=["start_time"], max_results=4)
    second = client.search_runs(ids, order_by=["start_time"], max_results=4, page_token=first.token)
    assert [r.info.run_name for r in second] == list("4567")


def test_no_experiments(client):
    assert client.search_runs([]) == []
    assert client.search_runs(["987654321"]) == []


def test_views(client, experiment):
    runs = [client.create_run(experiment, n + 1, run_name=str(n)).info.run_id for n in range(3)]
    client.delete_run(runs[1])
    assert found(client, experiment) == ["2", "0"]
    assert found(client, experiment, run_view_type=ViewType.DELETED_ONLY) == ["1"]
    assert found(client, experiment, run_view_type=ViewType.ALL) == ["2", "1", "0"]


def test_datasets(client, experiment):
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for name, context in (("wine", "train"), ("wine", "test"), ("beer", "train")):
        run = client.create_run(experiment, run_name=f"{name}-{context}").info.run_id
        dataset = Dataset(name, f"digest {name}", "local", "{}")
        tags = [InputTag("mlflow.data.context", context)]
        client.log_inputs(run, [DatasetInput(dataset, tags)])
    client.create_run(experiment, run_name="none")
    by = {"order_by": ["run_name"]}
    assert found(client, experiment, "dataset.name = 'wine'", **by) == ["wine-test", "wine-train"]
    assert found(client, experiment, "datasets.digest = 'digest beer'") == ["beer-train"]
    assert found(client, experiment, "dataset.context = 'train'", **by) == [
        "beer-train",
        "wine-train",
    ]
    assert found(client, experiment, "dataset.name LIKE 'w%' AND dataset.context = 'test'") == [
        "wine-test"
    ]
    assert found(client, experiment, "dataset.name IN ('beer', 'cider')") == ["beer-train"]


INVALID = [
    "metrics.loss",
    "metrics.loss > ",
    "metrics.loss > 'x'",
    "metrics.loss LIKE '1'",
    "params.model = Tree",
    "params.model = 1",
    "params.model > 'a'",
    "tags.t >= 'a'",
    "status > 'A'",
    "start_time LIKE '1'",
    "start_time = 'x'",
    "metrics.loss > 1 OR metrics.loss < 2",
    "metric.acc = 0.8 XOR params.model = 'a'",
    "(metrics.loss > 1)",
    "dummy.loss > 1",
    "loss > 1",
    "attributes.nothing = 'x'",
    "run_id = 1",
    "run_id IN ('a'",
    "run_id IN ()",
    "'a' = params.model",
    "metrics.loss > 1; DROP TABLE runs",
    "params.model = 'Tree",
    "metrics.loss == 0.1",
    "metrics.loss IS NULL",
    "params.model IN ('Tree')",
    "status IN ('FINISHED')",
    "start_time IN (5)",
    "order by 1",
    ";",
]


@pytest.mark.parametrize("condition", INVALID)
def test_what_is_no_filter(backend, six, condition):
    message = refused(
        "INVALID_PARAMETER_VALUE", "", backend.client().search_runs, [six[0]], condition
    )
    assert message == mlflows_own_message(condition)


def mlflows_own_message(condition: str) -> str:
    from mlflow.utils.search_utils import SearchUtils

    def parse() -> None:
        for comparison in SearchUtils.parse_search_filter(condition):
            for kind in ("metric", "param", "tag", "string_attribute", "numeric_attribute"):
                is_kind = getattr(SearchUtils, f"is_{kind}")
                named = (comparison["key"],) if kind.endswith("attribute") else ()
                is_kind(comparison["type"], *named, comparison["comparator"])

    return failure(parse).message


@pytest.mark.parametrize(
    "order",
    ["nothing", "metrics", "loss", "metrics.loss SIDEWAYS", "metrics.loss DESC ASC", "", ";"],
)
def test_what_is_no_order(backend, six, order):
    refused("INVALID_PARAMETER_VALUE", "", backend.client().search_runs, [six[0]], order_by=[order])


@pytest.mark.parametrize("results", [0, -1, 50001])
def test_bounds_of_a_page(backend, six, results):
    refused(
        "INVALID_PARAMETER_VALUE",
        "max_results",
        backend.client().search_runs,
        [six[0]],
        max_results=results,
    )


def test_a_token_of_nobody(backend, six):
    with pytest.raises(Exception, match=r"(?i)token"):
        backend.client().search_runs([six[0]], page_token="no token")


@pytest.mark.parametrize(
    "text",
    [
        "' OR '1'='1",
        "x'; DROP TABLE runs; --",
        "\\",
        "\\'",
        "%",
        "_",
        "%%",
        "a\\%b",
        "🌲",
        "\u0000x",
    ],
)
def test_sql_in_values_is_text(client, experiment, text):
    if "\0" in text:
        pytest.skip("no text of PostgreSQL holds it")
    client.log_param(client.create_run(experiment, run_name="it").info.run_id, "p", text)
    client.log_param(client.create_run(experiment, run_name="other").info.run_id, "p", "x")
    quoted = f'"{text}"' if "'" in text else f"'{text}'"
    assert found(client, experiment, f"params.p = {quoted}") == ["it"]
    assert found(client, experiment, f"params.p != {quoted}") == ["other"]


@pytest.mark.parametrize("key", ["a b", "a.b", "a-b", "a/b", "a:b", "Größe", "select"])
def test_keys_in_quotes(client, experiment, key):
    run = client.create_run(experiment, run_name="it").info.run_id
    client.create_run(experiment, run_name="other", start_time=1)
    client.log_metric(run, key, 1.0)
    client.set_tag(run, key, "v")
    assert found(client, experiment, f"metrics.`{key}` = 1") == ["it"]
    assert found(client, experiment, f"tags.`{key}` = 'v'") == ["it"]
    assert found(client, experiment, order_by=[f"metrics.`{key}`"]) == ["it", "other"]
