"""Programs that show what a task can see of how it was started, and how it ends. Each is a module named ``probe``."""

SHOWN = {
    "process": """
import os, resource
print(os.getpid() == os.getsid(0) == os.getpgid(0), os.getcwd(), os.umask(0o22), os.nice(0), os.getgroups())
print([resource.getrlimit(getattr(resource, n)) for n in sorted(dir(resource)) if n.startswith("RLIMIT_")])
print(sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0), os.ctermid(), os.isatty(0))
for name in "comm", "cgroup", "oom_score_adj", "loginuid", "coredump_filter":
    print(name, open(f"/proc/self/{name}").read() if os.path.exists(f"/proc/self/{name}") else None)
print(os.readlink("/proc/self/exe"), os.times().user < 5, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)
""",
    "descriptors": """
import os, stat
for name in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        status = os.fstat(int(name))
    except OSError:
        print(name, "the listing")
        continue
    flags = open(f"/proc/self/fdinfo/{name}").read().split()[3]
    print(name, os.readlink(f"/proc/self/fd/{name}"), stat.filemode(status.st_mode), flags)
    print(os.get_inheritable(int(name)))
""",
    "streams": """
import sys
for stream in sys.stdin, sys.stdout, sys.stderr:
    print(stream, stream.buffer, stream.buffer.raw, stream.encoding, stream.errors, stream.line_buffering,
          stream.write_through, stream.newlines, stream.fileno(), stream.isatty(), stream.mode, stream.closed)
print(sys.stdin.read() == "", sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr, sys.__stdin__ is sys.stdin)
""",
    "buffering": """
import os, sys
print("first, in a buffer")
os.write(1, b"second, past it\\n")
print("error", file=sys.stderr)
os.write(2, b"past it\\n")
print("x" * 4100)
os.write(1, b"after more than a block\\n")
print("no line end", end="")
print("half a line", end="", file=sys.stderr)
""",
    "environment": """
import os, posix, subprocess
print(list(os.environ.items()), os.environb == posix.environ, list(posix.environ))
print(subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout)
os.environ["MINE"] = "set"
del os.environ["SOME_SETTING"]
print(sorted(subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout.split()), os.getenv("MINE"))
print(os.path.expanduser("~"), os.get_exec_path())
""",
    "interpreter": """
import sys
for name in ("argv orig_argv executable _base_executable prefix base_prefix exec_prefix path flags "
             "warnoptions _xoptions dont_write_bytecode platlibdir pycache_prefix hexversion "
             "float_repr_style tracebacklimit ps1 excepthook displayhook unraisablehook "
             "breakpointhook last_type").split():
    print(name, getattr(sys, name, "none"))
print([type(one) for one in sys.meta_path], sys.path_hooks, sys.getrecursionlimit(), sys.getswitchinterval())
print(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.getdefaultencoding(), sys.gettrace())
print(sorted(name for name in sys.modules if "customize" in name or "warm" in name or "template" in name))
print(sorted(sys.path_importer_cache) == sorted(set(sys.path_importer_cache)), sys.exc_info(), sys.getprofile())
print([folder for folder in sys.path_importer_cache if "hook" in folder])
""",
    "main": """
import __main__, sys
print(sorted(vars(__main__)), __name__, __file__, __package__, __doc__, __spec__, type(__loader__), __cached__)
print(__builtins__, __annotations__ if "__annotations__" in dir() else None, sys.modules["__main__"] is __main__)
""",
    "stack": """
import inspect, sys, traceback
traceback.print_stack(file=sys.stdout)
print([(frame.function, frame.lineno) for frame in inspect.stack()])
def deeper(n):
    try:
        return deeper(n + 1)
    except RecursionError:
        return n
print(deeper(0))
""",
    "signals": """
import faulthandler, signal
for number in sorted(signal.valid_signals()):
    print(number, signal.getsignal(number))
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.set_wakeup_fd(-1), faulthandler.is_enabled())
print([line for line in open("/proc/self/status") if line.startswith(("Sig", "Shd", "NoNewPrivs", "Seccomp", "Cap"))
       and not line.startswith("SigQ")])
""",
    "threads": """
import os, threading, _thread
print(threading.enumerate(), threading.main_thread().ident == _thread.get_ident(), threading.active_count())
print(threading.main_thread().native_id == os.getpid(), threading.current_thread() is threading.main_thread())
print(os.listdir("/proc/self/task") == [str(os.getpid())], threading.stack_size(), threading.excepthook)
""".replace("threading.enumerate()", "[one.name for one in threading.enumerate()]"),
    "site": """
import locale, site, sys, time, builtins
print(site.USER_BASE, site.USER_SITE, site.ENABLE_USER_SITE, site.PREFIXES, site.getsitepackages())
print(locale.getlocale(), locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), time.tzname, time.timezone)
print(exit, copyright.__class__, sorted(vars(builtins)))
""",
    "warnings": """
import warnings
print([(one[0], one[1] and one[1].pattern, one[2], one[3] and one[3].pattern, one[4]) for one in warnings.filters])
warnings.warn("in the main module", DeprecationWarning)
warnings.warn("of a caller", UserWarning, stacklevel=2)
open("/dev/null")
""",
    "pickling": """
import pickle
class Thing:
    def __eq__(self, other): return vars(self) == vars(other)
thing = Thing(); thing.x = 1
print(Thing.__module__, Thing.__qualname__, pickle.loads(pickle.dumps(thing)) == thing, pickle.dumps(thing))
""",
    "multiprocessing": """
import multiprocessing, os
def work(n): return n * n, os.getpid() != os.getppid()
if __name__ == "__main__":
    for method in "fork", "spawn":
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(work, range(4)))
    print(multiprocessing.current_process(), multiprocessing.parent_process(), multiprocessing.get_start_method())
""",
    "executors": """
import concurrent.futures as futures
def work(n): return n + 1
if __name__ == "__main__":
    with futures.ThreadPoolExecutor() as threads, futures.ProcessPoolExecutor(2) as processes:
        print(list(threads.map(work, range(3))), list(processes.map(work, range(3))))
""",
    "subprocesses": """
import subprocess, sys, os
code = "import os, sys; print(sys.path[1:], sys.flags, os.getsid(0) == os.getppid(), sorted(os.environ))"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True))
print(os.system("echo shell; exit 3"), os.popen("cat /proc/self/limits").read())
if (pid := os.fork()) == 0:
    print("child", os.getsid(0) == os.getppid()); raise SystemExit(4)
print(os.waitpid(pid, 0)[1])
""",
    "modules": """
import asyncio, ssl, decimal, gc, importlib.metadata, runpy
async def one(): return await asyncio.sleep(0, "ran")
print(asyncio.run(one()), ssl.create_default_context().verify_mode, decimal.getcontext(), gc.isenabled())
print(gc.get_threshold(), gc.callbacks, gc.garbage, importlib.metadata.version("starlette"), runpy.run_module)
""",
    "logs": """
import logging, logging.config, sys
handlers = {"h": {"class": "logging.StreamHandler"}}
logging.config.dictConfig({"version": 1, "handlers": handlers, "root": {"handlers": ["h"]}})
logging.getLogger("a").warning("said")
record = logging.LogRecord("n", 10, "p", 1, "m", (), None)
print(0 <= record.relativeCreated < 5000, record.process == __import__("os").getpid())
print(record.threadName, record.processName)
logging.FileHandler("log.txt").handle(record)
""",
    "sources": """
import inspect, os, re, textwrap, typing, linecache, __future__
print(inspect.getsource(textwrap.dedent)[:50], re.compile("a+").fullmatch("aaa"), typing.List[int])
print(len(inspect.getsource(inspect.getmodule(inspect.currentframe()))))
""",
}
"""Programs that print what they see."""

ENDED = {
    "nothing": "",
    "traceback": "def inner(): return 1 / 0\ndef outer(): inner()\nouter()",
    "chain": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error",
    "context": "try:\n    {}['a']\nexcept KeyError:\n    raise ValueError('b')",
    "group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "note": "error = ValueError('a')\nerror.add_note('b')\nraise error",
    "exit": "import sys; sys.exit()",
    "exit 3": "import sys; print('a'); sys.exit(3)",
    "exit 259": "import sys; sys.exit(259)",
    "exit -1": "import sys; sys.exit(-1)",
    "exit with text": "import sys; sys.exit('why')",
    "exit with an object": "raise SystemExit([1, 2])",
    "exit with True": "raise SystemExit(True)",
    "at once": "import os; print('lost'); os._exit(5)",
    "interrupt": "raise KeyboardInterrupt",
    "interrupted": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "aborted": "import os; os.abort()",
    "crashed": "import faulthandler; faulthandler.enable(); faulthandler._sigsegv()".replace("_sigsegv", "_sigfpe"),
    "broken pipe": "import os\nr, w = os.pipe(); os.close(r); os.write(w, b'x')",
    "atexit": (
        "import atexit, sys, threading, time, weakref\n"
        "class Thing:\n    def __del__(self): print('deleted')\n"
        "thing = Thing(); weakref.finalize(thing, print, 'finalized')\n"
        "for n in range(3): atexit.register(print, 'exit', n)\n"
        "def late(): time.sleep(0.05); print('thread')\n"
        "threading.Thread(target=late).start()\n"
        "file = open('unflushed', 'w'); file.write('kept')\n"
        "print('end'); sys.exit(7)\n"
    ),
    "atexit fails": "import atexit\natexit.register(lambda: 1 / 0)\natexit.register(print, 'other')",
    "thread fails": (
        "import threading\nthread = threading.Thread(target=lambda: 1 / 0, name='t')\nthread.start(); thread.join()"
    ),
    "daemon": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "unraisable": "class Thing:\n    def __del__(self): 1 / 0\nThing()",
    "closed stdout": "import sys; print('a'); sys.stdout.close()",
    "hook": "import sys\nsys.excepthook = lambda *a: print('mine', a[0])\n1 / 0",
    "hook with depth": (
        "import sys\nsys.excepthook = lambda t, v, tb: print(tb.tb_frame.f_code.co_filename, tb.tb_frame.f_back)\n1 / 0"
    ),
    "other stdout": "import sys\nsys.stdout = open('out.txt', 'w')\nprint('here')",
    "cycle": "class Thing:\n    def __del__(self): print('collected')\nthing = Thing(); thing.me = thing\ndel thing",
    "child left": "import subprocess\nsubprocess.Popen(['/bin/sleep', '600'])\nprint('left')",
    "exec": "import os, sys\nos.execv('/bin/sh', ['sh', '-c', 'echo $SOME_SETTING; trap; exit 9'])",
    "held by typing": (
        "import typing\n"
        "class Store:\n    file = open('class.txt', 'w')\n    def __del__(self): print('deleted')\n"
        "Store.file.write('kept'); store = Store(); names = typing.List[Store], typing.Optional[Store]\n"
    ),
    "held by a module": "import json; json.kept = open('file.txt', 'w'); json.kept.write('kept')",
    "faulthandler": "import faulthandler, sys\nfaulthandler.dump_traceback(sys.stdout)",
}
"""Programs that end in all ways."""

UNIMPORTABLE = {
    "syntax": "import os\nx = = 1\n",
    "imports what fails": "import json, nothing_of_this_name",
}
"""Programs with nothing that could be imported before them."""
