"""Register ML tools once, hitch any workflow to them.

>>> import hitchpost
>>> registry = hitchpost.Registry.from_yaml('''
... name: minio
... instances:
...   - name: main
...     version: 4.1.3
...     services:
...       - name: s3
...         endpoints: [{name: public, url: "http://minio:9000", type: external}]
...     profiles:
...       - name: team
...         project: alpha
...         configuration: {AWS_ACCESS_KEY_ID: alpha, AWS_SECRET_ACCESS_KEY: geheim}
... ''')
>>> storage = registry.resolve(service="s3", version=">=4", project="alpha")
>>> storage.url
'http://minio:9000'
>>> storage["AWS_SECRET_ACCESS_KEY"]
Secret([REDACTED])
>>> storage["AWS_SECRET_ACCESS_KEY"].reveal()
'geheim'
"""

from ._environment import Environment
from ._errors import (
    AnalysisError,
    ApiError,
    HitchpostError,
    NotFoundError,
    RecordError,
    ResolutionError,
    SecretError,
    StoreError,
    UsageError,
)
from ._hitchpost import Binding, Registry, Resolution, Secret, __version__, openapi
from ._values import (
    Applied,
    Candidate,
    Change,
    ConfigurationValue,
    Diagnostic,
    Difference,
    Endpoint,
    Explanation,
    Failure,
    LogEntry,
    Pin,
)

__all__ = [
    "AnalysisError",
    "ApiError",
    "Applied",
    "Binding",
    "Candidate",
    "Change",
    "ConfigurationValue",
    "Diagnostic",
    "Difference",
    "Endpoint",
    "Environment",
    "Explanation",
    "Failure",
    "HitchpostError",
    "LogEntry",
    "NotFoundError",
    "Pin",
    "RecordError",
    "Registry",
    "Resolution",
    "ResolutionError",
    "Secret",
    "SecretError",
    "StoreError",
    "UsageError",
    "__version__",
    "openapi",
]
