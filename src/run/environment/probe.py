"""Tells what a Python interpreter is and what a lock file asks for that it lacks, as JSON.

Run as `python -I probe.py [LOCK]`. Uses the standard library; the markers of a lock file are
evaluated by `packaging`, which pytest and pip bring along.
"""

import json
import platform
import re
import sys
import sysconfig
from importlib import metadata


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def marker_class():
    for module in ("packaging.markers", "pip._vendor.packaging.markers"):
        try:
            return __import__(module, fromlist=["Marker"]).Marker
        except ImportError:
            continue
    return None


def missing(lock):
    """What the lock pins for this interpreter and is not installed in that version."""
    installed = {
        normalized(distribution.metadata["Name"] or ""): distribution.version
        for distribution in metadata.distributions()
    }
    Marker = marker_class()
    result = []
    with open(lock, encoding="utf-8") as lines:
        for line in lines:
            pin = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(?:;\s*([^\\]*))?", line)
            if not pin:
                continue
            name, version, marker = pin.groups()
            # Without a way to evaluate the marker the pin counts: better to ask for too much.
            if marker and Marker and not Marker(marker.strip()).evaluate():
                continue
            if installed.get(normalized(name)) != version:
                result.append(name + "==" + version)
    return result


paths = sysconfig.get_paths()
print(
    json.dumps(
        {
            "executable": sys.executable,
            "version": ".".join(map(str, sys.version_info[:3])),
            "implementation": platform.python_implementation(),
            "prefix": sys.prefix,
            "base_prefix": sys.base_prefix,
            "libraries": sorted({paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}),
            "missing": missing(sys.argv[1]) if len(sys.argv) > 1 else [],
        }
    )
)
