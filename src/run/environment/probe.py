"""Tells what a Python interpreter is and what a lock file asks for that it lacks, as JSON.

Run as `python -I -S -c PROBE [LOCK]`: without `site`, which would run what is installed. What `site`
says of an environment is found out here. Of what is installed only `packaging` is imported, and only
where a lock file is given: it evaluates markers, and pytest and pip bring it along.
"""

import os
import sys


def environment():
    """The folder of the environment that the interpreter belongs to, as PEP 405 has it."""
    folder = os.path.dirname(sys.executable or "")
    for place in (folder, os.path.dirname(folder)) if os.path.isabs(folder) else ():
        settings = os.path.join(place, "pyvenv.cfg")
        if os.path.isfile(settings):
            with open(settings, encoding="utf-8") as lines:
                pairs = [line.partition("=") for line in lines]
            uses_base = any(
                key.strip() == "include-system-site-packages" and value.strip().lower() == "true"
                for key, _, value in pairs
            )
            return os.path.dirname(folder), uses_base
    return sys.prefix, True


# Before anything looks at it. From Python 3.14 on it is so anyway.
sys.prefix, uses_base = environment()
sys.exec_prefix = sys.prefix

import json  # noqa: E402
import platform  # noqa: E402
import re  # noqa: E402
import site  # noqa: E402
import sysconfig  # noqa: E402
from importlib import metadata  # noqa: E402


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
    prefixes = [sys.prefix, sys.base_prefix] if uses_base else [sys.prefix]
    sys.path += site.getsitepackages(list(dict.fromkeys(prefixes)))
    installed = {
        normalized(distribution.metadata["Name"] or ""): distribution.version
        for distribution in metadata.distributions(path=sys.path)
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
