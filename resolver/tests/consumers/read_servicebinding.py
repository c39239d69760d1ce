"""Reads the bindings of a type from $SERVICE_BINDING_ROOT; as JSON."""

import json
import sys

from pyservicebinding import binding

json.dump(binding.ServiceBinding().bindings(sys.argv[1]), sys.stdout)
