"""Who asks, and who is trusted."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import os
import ssl
from pathlib import Path

import pytest
from loopback import Answer, Loopback

from hitchpost import ApiError, UsageError
from hitchpost.mlflow.auth import SERVICE_ACCOUNT, ServiceAccount
from hitchpost.mlflow.client import Client, connect

TOKEN = "eyJ-geheim"


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("MODEL_REGISTRY", "MODELREGISTRY")):
            monkeypatch.delenv(name)


@pytest.fixture
def pod(tmp_path: Path) -> ServiceAccount:
    """The files of a service account, which are not there yet."""
    return ServiceAccount(tmp_path / "pod-token", tmp_path / "pod-ca.crt")


@pytest.fixture
def server() -> Loopback:
    with Loopback() as server:
        yield server


def at(server: Loopback, more: str = "?token_over_http=true", **options: object) -> Client:
    return connect(f"modelregistry://127.0.0.1:{server.port}{more}", **options)


def sent(server: Loopback, client: Client) -> str | None:
    client.get("/x")
    return server.asked[-1].headers.get("authorization")


def test_where_kubernetes_puts_them() -> None:
    folder = "run/secrets/kubernetes.io/serviceaccount"
    assert Path(f"/var/{folder}/token") == SERVICE_ACCOUNT.token
    assert Path(f"/{folder}/ca.crt") == SERVICE_ACCOUNT.ca


def test_the_token_comes_from_the_first_of_them(
    server: Loopback, tmp_path: Path, pod: ServiceAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sent(server, at(server, service_account=pod)) is None
    pod.token.write_text("of-the-pod\n")
    assert sent(server, at(server, service_account=pod)) == "Bearer of-the-pod"
    (tmp_path / "b").write_text(" of-a-file \n")
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN_FILE", str(tmp_path / "b"))
    assert sent(server, at(server, service_account=pod)) == "Bearer of-a-file"
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", "of-the-variable")
    assert sent(server, at(server, service_account=pod)) == "Bearer of-the-variable"
    (tmp_path / "a").write_text("of-the-uri")
    uri = f"?token_over_http=true&token_file={tmp_path}/a"
    assert sent(server, at(server, uri, service_account=pod)) == "Bearer of-the-uri"
    client = at(server, uri, token="of-the-caller", service_account=pod)
    assert sent(server, client) == "Bearer of-the-caller"


def test_a_token_file_is_read_again_when_it_changes(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    client = at(server, token_file=path)
    assert sent(server, client) == "Bearer first"
    (tmp_path / "new").write_text("second")
    (tmp_path / "new").rename(path)
    assert sent(server, client) == "Bearer second"
    path.write_text("third-in-place")
    assert sent(server, client) == "Bearer third-in-place"


def test_a_token_that_changes_as_it_is_refused(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    client = at(server, token_file=path)
    client.get("/x")
    before = path.stat()
    path.write_text("other")
    # As if it had not changed, for a clock that is not fine enough to tell.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    server.then(Answer(401))
    client.post("/y", {})
    told = [(asked.path, asked.headers["authorization"]) for asked in server.asked]
    assert told == [("/x", "Bearer first"), ("/y", "Bearer first"), ("/y", "Bearer other")]
    server.then(Answer(401))
    with pytest.raises(ApiError, match="who asks"):
        client.post("/z", {})
    assert len(server.asked) == 4


def test_a_token_file_that_goes(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    client = at(server, token_file=path)
    for text in ("", " \n", "two\nlines"):
        path.write_text(text)
        with pytest.raises(ApiError, match="token file") as raised:
            client.get("/x")
        assert raised.value.code == "no-token"
        assert "lines" not in str(raised.value)
    path.unlink()
    with pytest.raises(ApiError, match="No such file"):
        client.get("/x")
    assert server.asked == []


@pytest.mark.parametrize("named_by", ["argument", "uri", "variable"])
def test_a_file_that_is_named_is_there(
    named_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing"
    uri, options = "modelregistry+https://127.0.0.1", {}
    if named_by == "argument":
        options = {"token_file": missing}
    elif named_by == "uri":
        uri += f"?token_file={missing}"
    else:
        monkeypatch.setenv("MODEL_REGISTRY_TOKEN_FILE", str(missing))
    with pytest.raises(UsageError, match=rf"`{missing}` .* cannot be read: No such file"):
        connect(uri, **options)
    if named_by == "argument":
        options = {"ca_cert": missing}
    elif named_by == "uri":
        uri = f"modelregistry+https://127.0.0.1?ca_cert={missing}"
    else:
        monkeypatch.delenv("MODEL_REGISTRY_TOKEN_FILE")
        monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", str(missing))
    with pytest.raises(UsageError, match=rf"`{missing}` .* cannot be read: No such file"):
        connect(uri, **options)


def test_plain_http_gets_no_token(
    server: Loopback,
    pod: ServiceAccount,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pod.token.write_text(TOKEN)
    assert sent(server, at(server, "", service_account=pod)) is None
    assert caplog.records == []
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
    client = at(server, "", service_account=pod)
    assert sent(server, client) is None
    assert "MODEL_REGISTRY_TOKEN is not sent" in caplog.text
    server.then(Answer(401))
    with pytest.raises(ApiError, match=r"not sent over plain http.*token_over_http=true"):
        client.get("/x")
    assert sent(server, at(server, "", token=TOKEN, token_over_http=True)) == f"Bearer {TOKEN}"


def test_nobody_sees_the_token(
    server: Loopback, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "token"
    path.write_text(TOKEN)
    for client in (at(server, token=TOKEN), at(server, token_file=path)):
        server.then(Answer(401, {"code": "401", "message": "no"}), Answer(500), Answer(drop=True))
        said = [repr(client), repr(client._http), repr(vars(client))]
        for _ in range(3):
            with pytest.raises(ApiError) as raised:
                client.post("/x", {})
            said += [str(raised.value), repr(raised.value), repr(raised.value.args)]
        assert TOKEN not in "".join(said) + caplog.text
    with pytest.raises(UsageError) as malformed:
        at(server, token=f"{TOKEN}\nx")
    assert TOKEN not in str(malformed.value)


class Certificates:
    """An authority, and servers that it vouches for."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("cryptography")
        self.folder = folder
        self.ca, self.key = self.made("ca", None, True)

    def made(self, name: str, issuer: object, is_authority: bool) -> tuple[Path, object]:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        ca = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ca")])
        now = datetime.datetime.now(datetime.timezone.utc)
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(called)
            .issuer_name(called if issuer is None else ca)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.BasicConstraints(is_authority, None), True)
            .sign(issuer or key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(pem))
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(pem, form, serialization.NoEncryption())
        path.with_suffix(".key").write_bytes(text)
        return path, key

    def context(self, path: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, path.with_suffix(".key"))
        return context


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def secure(certificates: Certificates) -> Loopback:
    path, _ = certificates.made("server", certificates.key, False)
    with Loopback(certificates.context(path)) as server:
        yield server


def securely(server: Loopback, more: str = "", **options: object) -> Client:
    return connect(f"modelregistry+https://127.0.0.1:{server.port}{more}", **options)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    of_ours = [it for it in caplog.records if it.name == "hitchpost.mlflow.client"]
    return [it.getMessage() for it in of_ours if it.levelno >= logging.INFO]


def test_who_is_trusted_comes_from_the_first_of_them(
    secure: Loopback,
    certificates: Certificates,
    pod: ServiceAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "hitchpost.mlflow.client")
    ca = certificates.ca
    other, _ = certificates.made("other", None, True)
    failed = "SSL certificate verification failed connecting to Model Registry"

    with pytest.raises(ApiError, match=failed) as raised:
        securely(secure, service_account=pod).get("/x")
    assert raised.value.code == "certificate"
    assert "MODELREGISTRY_CA_CERT_PATH" in str(raised.value)
    assert messages(caplog)[0] == "Using system default CA bundle"
    assert messages(caplog)[1].startswith(failed)
    assert len(messages(caplog)) == 2

    caplog.clear()
    pod.ca.write_bytes(ca.read_bytes())
    securely(secure, service_account=pod).get("/x")
    assert messages(caplog) == [f"Using Kubernetes default CA certificate: {pod.ca}"]

    caplog.clear()
    monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", str(other))
    with pytest.raises(ApiError, match=failed):
        securely(secure, service_account=pod).get("/x")
    assert messages(caplog)[0] == (
        f"Using CA certificate from environment variable MODELREGISTRY_CA_CERT_PATH: {other}"
    )

    securely(secure, f"?ca_cert={ca}", service_account=pod).get("/x")
    with pytest.raises(ApiError, match=failed):
        securely(secure, f"?ca_cert={ca}", ca_cert=other, service_account=pod).get("/x")
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(UsageError, match="no certificate"):
        securely(secure, ca_cert=tmp_path / "no.pem")
    assert len(secure.asked) == 2


def test_a_token_goes_over_https(
    secure: Loopback, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
    assert sent(secure, securely(secure, ca_cert=certificates.ca)) == f"Bearer {TOKEN}"


def test_https_may_be_anonymous(
    secure: Loopback, certificates: Certificates, pod: ServiceAccount
) -> None:
    client = securely(secure, ca_cert=certificates.ca, service_account=pod)
    assert sent(secure, client) is None


def test_no_token_goes_to_whom_nobody_vouches_for(secure: Loopback) -> None:
    with pytest.raises(ApiError):
        securely(secure, token=TOKEN, service_account=SERVICE_ACCOUNT).get("/x")
    assert secure.asked == []


def test_the_name_counts(secure: Loopback, certificates: Certificates) -> None:
    client = connect(f"modelregistry+https://localhost:{secure.port}", ca_cert=certificates.ca)
    with pytest.raises(ApiError, match="not valid for name"):
        client.get("/x")


def test_https_of_a_server_that_has_none(server: Loopback) -> None:
    client = connect(f"modelregistry+https://127.0.0.1:{server.port}")
    with pytest.raises(ApiError, match=r"does not speak TLS.*`modelregistry://`") as raised:
        client.get("/x")
    assert (raised.value.status, raised.value.code) == (None, "unreachable")


def test_http_of_a_server_that_has_https(secure: Loopback) -> None:
    client = connect(f"modelregistry://127.0.0.1:{secure.port}?retries=0")
    with pytest.raises(ApiError) as raised:
        client.get("/x")
    assert (raised.value.status, raised.value.code) == (None, "no-answer")


def test_a_server_with_the_certificate_of_an_authority(certificates: Certificates) -> None:
    path, _ = certificates.made("self", None, True)
    with Loopback(certificates.context(path)) as server:
        with pytest.raises(ApiError, match="of its own") as raised:
            securely(server, ca_cert=path).get("/x")
        assert raised.value.code == "certificate"
