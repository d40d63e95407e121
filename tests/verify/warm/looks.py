"""Tells what the process looks like, but for what is other in each."""

import builtins
import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
import warnings


def test_look(request):
    import __main__

    config = request.config
    look = {
        "argv": sys.argv,
        "path": [path.replace(os.getcwd(), ".") for path in sys.path if "shared" not in path],
        "meta_path": [getattr(it, "__name__", type(it).__name__) for it in sys.meta_path],
        "path_hooks": len(sys.path_hooks),
        "builtins": len(vars(builtins)),
        "environ": sorted(os.environ),
        "handlers": [str(type(it)) for it in logging.getLogger().handlers],
        "filters": warnings.filters,
        "signals": [str(signal.getsignal(it)).split(" at ")[0] for it in sorted(signal.Signals)],
        "faulthandler": faulthandler.is_enabled(),
        "gc": (gc.isenabled(), gc.get_threshold()),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval()),
        "hooks": (sys.excepthook.__name__, sys.displayhook.__name__, threading.excepthook.__name__),
        "trace": (sys.gettrace(), sys.getprofile()),
        "main": (__main__.__name__, __main__.__spec__, os.path.basename(__main__.__file__)),
        "flags": str(sys.flags),
        "session": (os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()),
        "umask": os.umask(0o022),
        "rootdir": str(config.rootpath).replace(os.getcwd(), "."),
        "inipath": os.path.basename(str(config.inipath)),
        "args": config.args,
        "plugins": sorted(name for name, it in config.pluginmanager.list_name_plugin() if it)[:60],
        "threads": threading.active_count(),
    }
    for name in list(look):
        if name == "plugins":
            look[name] = [it.replace(os.getcwd(), ".") for it in look[name] if not it.isdigit()]
    assert False, "\n".join("%s: %s" % entry for entry in look.items())
