"""What an MLflow server hands on, where the tracking URI is one of `hitchpost:`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlflow.entities import FileInfo
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
from mlflow.utils.request_utils import augmented_raise_for_status
from mlflow.utils.rest_utils import http_request
from mlflow.utils.uri import validate_path_is_safe

from .scheme import credentials, resolve

if TYPE_CHECKING:
    from mlflow.utils.rest_utils import MlflowHostCreds

_ENDPOINT = "/mlflow-artifacts/artifacts"


class Artifacts(MlflowArtifactsRepository):
    """Artifacts at the server that is found now, with its account.

    Large files go in one piece: for those in parts MLflow would take the account from the
    environment.
    """

    @classmethod
    def resolve_uri(cls, artifact_uri: str, tracking_uri: str) -> str:
        """The http URL of the artifacts; it remembers what was to be found."""
        found = resolve(tracking_uri)
        url = super().resolve_uri(artifact_uri, found.url)  # type: ignore[no-untyped-call]
        return f"{url}#{tracking_uri}"

    def __init__(
        self,
        artifact_uri: str,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
    ) -> None:
        # Older versions of MLflow know the first argument alone.
        more = {"tracking_uri": tracking_uri, "registry_uri": registry_uri}
        given = {key: value for key, value in more.items() if value is not None}
        super().__init__(artifact_uri, **given)
        self.artifact_uri, _, self._wanted = self.artifact_uri.partition("#")

    @property
    def _host_creds(self) -> MlflowHostCreds:
        return credentials(resolve(self._wanted), self.artifact_uri)

    def _is_multipart_upload_enabled(self) -> bool:
        return False

    def _is_multipart_download_enabled(self) -> bool:
        return False

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """The files and folders of a folder, by path; nothing for a file."""
        url, _, root = self.artifact_uri.partition(_ENDPOINT)
        folder = posixpath.join(root.lstrip("/"), path or "").rstrip("/")
        creds = credentials(resolve(self._wanted), url)
        answer = http_request(creds, _ENDPOINT, "GET", params={"path": folder})
        augmented_raise_for_status(answer)
        found = []
        for file in answer.json().get("files", []):
            size = file.get("file_size")
            below = posixpath.join(path or "", validate_path_is_safe(file["path"]))
            found.append(FileInfo(below, file["is_dir"], None if size is None else int(size)))
        is_itself = path and [it.path for it in found if not it.is_dir] == [
            posixpath.join(path, posixpath.basename(path))
        ]
        return [] if is_itself and len(found) == 1 else sorted(found, key=lambda it: it.path)
