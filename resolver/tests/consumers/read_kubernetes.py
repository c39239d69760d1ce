"""Reads the objects and the `env:` of a container; the variables that it would get, as JSON.

Everything is held against the schemas of Kubernetes first. PyYAML reads YAML 1.1, as kubectl does.
"""

import base64
import json
import sys

import kubernetes_validate
import yaml

objects, env = json.load(sys.stdin)
values = {"Secret": {}, "ConfigMap": {}}
for text in objects:
    item = yaml.safe_load(text)
    kubernetes_validate.validate(item, "1.30", strict=True)
    values[item["kind"]] = item["data"]
container = {"name": "step", "image": "step", "env": yaml.safe_load(env)}
pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "step"}, "spec": {"containers": [container]}}
kubernetes_validate.validate(pod, "1.30", strict=True)


def value(source):
    if "secretKeyRef" in source:
        return base64.b64decode(values["Secret"][source["secretKeyRef"]["key"]]).decode()
    return values["ConfigMap"][source["configMapKeyRef"]["key"]]


json.dump({variable["name"]: value(variable["valueFrom"]) for variable in container["env"]}, sys.stdout)
