import pytest

from hitchpost import UsageError
from hitchpost.mlflow.uri import parse


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("modelregistry://h", "http://h:8080"),
        ("modelregistry://h:9000/", "http://h:9000"),
        ("modelregistry+http://h", "http://h:8080"),
        ("modelregistry+https://h", "https://h:443"),
        ("modelregistry+https://h:8443", "https://h:8443"),
        ("modelregistry+https://h/a/b/", "https://h:443/a/b"),
        ("modelregistry://H.Example.COM/Case", "http://h.example.com:8080/Case"),
        ("modelregistry://[::1]", "http://[::1]:8080"),
        ("modelregistry://[::1]:1/p?retries=0", "http://[::1]:1/p"),
        ("modelregistry://127.0.0.1:80", "http://127.0.0.1:80"),
    ],
)
def test_where_it_is(uri: str, url: str) -> None:
    assert parse(uri).url == url


def test_its_options() -> None:
    uri = "modelregistry://h?artifact_uri=s3%3A%2F%2Fb%2Fa%20b&timeout=1.5&ca_cert=/a+b"
    assert parse(uri).options == {
        "artifact_uri": "s3://b/a b",
        "timeout": "1.5",
        "ca_cert": "/a+b",
    }


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://h", "scheme"),
        ("modelregistry+ftp://h", "scheme"),
        ("modelregistry://", "no host"),
        ("modelregistry:///path", "no host"),
        ("modelregistry://h:port", "[Pp]ort"),
        ("modelregistry://h:99999", "[Pp]ort"),
        ("modelregistry://u:geheim@h", "user or a password"),
        ("modelregistry://geheim@h", "user or a password"),
        ("modelregistry://h#a", "#"),
        ("modelregistry://h?token=geheim", "MODEL_REGISTRY_TOKEN"),
        ("modelregistry://h?retries=1&retries=2", "twice"),
        ("modelregistry://h?retry=1", "did you mean `retries`"),
        ("modelregistry://[::1", "IPv6"),
    ],
)
def test_what_it_cannot_be(uri: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        parse(uri)
    assert "geheim" not in str(raised.value)
