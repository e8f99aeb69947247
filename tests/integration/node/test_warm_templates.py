"""Which tasks have a template, what makes it outdated or unfit, and that tasks start cold without one."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatcher.processes import descendants
from dispatcher.service.node.process import Cause
from dispatcher.service.node.warm.options import WarmLevel
from tests.integration.node.warm_support import Seen, Stage, is_warm, python, working_folder

PROBE = python("-m", "probe", "word")
HELLO = "import sys\nprint('hello', sys.argv[1:])"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "node") as made:
        made.write("probe.py", HELLO)
        yield made


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "node", level=WarmLevel.IMPORTS) as made:
        made.write("other.py", "value = 1")
        made.write("probe.py", "import other\nprint(other.value)")
        yield made


def _templates(stage: Stage) -> list[int]:
    """Return the templates that live: this process's children that run in the folder of templates."""
    folder = stage.root / "warm"
    return [pid for pid in descendants(os.getpid()) if working_folder(pid) == folder]


def test_no_template_is_made_for_a_few_tasks(tmp_path: Path) -> None:
    """It would cost more than it saves."""
    with Stage(tmp_path / "node", after=3) as stage:
        stage.write("probe.py", HELLO)
        for _ in range(2):
            stage.prepare(PROBE)
        assert not _templates(stage)
        stage.prepare(PROBE)
        assert stage.run(PROBE).is_warm


def test_nothing_starts_warm_when_it_is_off(tmp_path: Path) -> None:
    """No process is started but the task's."""
    with Stage(tmp_path / "node", level=WarmLevel.OFF) as stage:
        stage.write("probe.py", HELLO)
        for _ in range(4):
            assert not stage.run(PROBE).is_warm
        assert not _templates(stage)


def test_tasks_of_one_template_have_their_own_arguments_and_variables(stage: Stage) -> None:
    """The template has none of either."""
    stage.write("probe.py", "import os, sys\nprint(sys.argv[1:], os.environ['AZ_BATCH_TASK_ID'], os.environ['HOME'])")
    stage.prepare(PROBE)
    stage.environment |= {"AZ_BATCH_TASK_ID": "two", "HOME": "/elsewhere"}
    seen = stage.run(python("-m", "probe", "a", "b"))
    assert (seen.is_warm, seen.stdout) == (True, "['a', 'b'] two /elsewhere\n")


@pytest.mark.parametrize("change", [{"SOME_SETTING": "other"}, {"NEW": "1"}, {"PYTHONHASHSEED": "3"}, {"TZ": "UTC+3"}])
def test_another_setting_needs_another_template(stage: Stage, change: dict[str, str]) -> None:
    """Whatever Python or a library may have looked at is the template's own."""
    stage.prepare(PROBE)
    stage.environment |= change
    assert not stage.run(PROBE).is_warm


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("PYTHONHASHSEED=7", "print(hash('a'))"),
        ("PYTHONUNBUFFERED=1", "import os, sys\nprint('a', end='')\nos.write(1, b'b')"),
        ("PYTHONIOENCODING=latin-1", "print('ü')"),
        ("PYTHONOPTIMIZE=1", "assert False\nprint(__debug__)"),
        ("PYTHONWARNINGS=error", "import warnings\nwarnings.warn('x')"),
        ("PYTHONFAULTHANDLER=1", "import faulthandler\nprint(faulthandler.is_enabled())"),
        ("PYTHONSAFEPATH=1", "import sys\nprint(sys.path)"),
        ("LANG=C", "import sys, locale\nprint(sys.flags.utf8_mode, locale.getlocale())"),
        ("TZ=Europe/Berlin", "import time\nprint(time.tzname)"),
        ("HOME=/nowhere", "import site\nprint(site.getuserbase(), site.USER_SITE)"),
    ],
)
def test_settings_that_python_reads_at_its_start_hold(stage: Stage, setting: str, code: str) -> None:
    """As in a task that starts cold."""
    stage.environment |= dict([setting.split("=", 1)])
    stage.write("probe.py", code)
    cold = stage.run(PROBE)
    stage.warm.settle()
    warm = stage.run(PROBE)
    assert warm.is_warm
    assert warm == cold


@pytest.mark.parametrize("option", ["-u", "-B", "-O", "-OO", "-s"])
def test_options_that_templates_take_hold(stage: Stage, option: str) -> None:
    """As in a task that starts cold."""
    stage.write("probe.py", "import sys\nprint(sys.flags, sys.orig_argv, sys.argv, __debug__, sys.path)")
    command = python(option, "-m", "probe", "x")
    cold = stage.run(command)
    stage.warm.settle()
    warm = stage.run(command)
    assert warm.is_warm
    assert warm == cold


def test_random_numbers_differ_between_copies(stage: Stage) -> None:
    """Two tasks of one template draw their own."""
    code = "import os, random, secrets, tempfile, uuid\nprint(random.random(), uuid.uuid4(), secrets.token_hex())"
    stage.write("probe.py", f"{code}\nprint(random.getrandbits(64), tempfile.mktemp(), os.urandom(8))")
    stage.prepare(PROBE)
    first, second = stage.run(PROBE), stage.run(PROBE)
    assert first.is_warm
    assert second.is_warm
    assert not set(first.stdout.split()) & set(second.stdout.split())


def test_random_numbers_of_a_module_that_the_template_imported_differ(importing: Stage) -> None:
    """Such a module's numbers were seeded in the template."""
    importing.write("probe.py", "import random\nprint(random.random())")
    importing.prepare(PROBE)
    seen = [importing.run(PROBE) for _ in range(3)]
    assert all(each.is_warm for each in seen)
    assert len({each.stdout for each in seen}) == 3


def test_module_of_the_working_directory_hides_what_the_template_imported(stage: Stage) -> None:
    """Python looks there first; such a task is started cold after all, by the copy itself."""
    stage.write("probe.py", "import json, os, signal\nprint(json.__file__, signal.getsignal(signal.SIGPIPE))")
    stage.prepare(PROBE)
    stage.work.joinpath("json.py").write_text("")
    seen = stage.run(PROBE)
    assert seen.stdout == f"{stage.work}/json.py 1\n"
    assert stage.run(PROBE).stdout != seen.stdout


def test_user_site_of_a_task_is_its_own(tmp_path: Path) -> None:
    """A home that has one is looked at by each process, outside of virtual environments."""
    base = os.path.realpath(python()[0])
    with Stage(tmp_path / "node") as stage:
        stage.write("probe.py", "import mine\nprint(mine.value)")
        command = [base, "-m", "probe"]
        stage.prepare(command)
        version = os.popen(f"{base} -c 'import sys; print(\"python%d.%d\" % sys.version_info[:2])'").read().strip()
        home = tmp_path / "home"
        (home / ".local/lib" / version / "site-packages").mkdir(parents=True)
        (home / ".local/lib" / version / "site-packages/mine.py").write_text("value = 'found'")
        stage.environment["HOME"] = str(home)
        assert stage.run(command).stdout == "found\n"


def test_changed_module_is_imported_anew(importing: Stage) -> None:
    """The template that has the old one ends."""
    importing.prepare(PROBE)
    assert importing.run(PROBE).is_warm
    importing.write("other.py", "value = 2222", modified=1_100_000_000)
    seen = importing.run(PROBE)
    assert (seen.is_warm, seen.stdout) == (False, "2222\n")
    for _ in range(2):
        importing.prepare(PROBE)
    seen = importing.run(PROBE)
    assert (seen.is_warm, seen.stdout) == (True, "2222\n")


def test_new_file_beside_modules_makes_the_template_outdated(stage: Stage) -> None:
    """It may hide one of them."""
    stage.prepare(PROBE)
    stage.write("json.py", "raise ImportError('hidden')", modified=1_100_000_000)
    stage.write("probe.py", "import json", modified=1_100_000_000)
    seen = stage.run(PROBE)
    assert not seen.is_warm
    assert "hidden" in seen.stderr


def test_files_that_change_all_the_time_have_few_templates(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Each that was of no use is followed by twice as many tasks that start cold."""
    with caplog.at_level(logging.INFO):
        for task in range(40):
            stage.write("noise.txt", "", modified=1_100_000_000 + task)
            stage.prepare(PROBE)
    assert 2 <= caplog.text.count("has changed") <= 5


def test_files_that_have_just_changed_have_no_template_yet(importing: Stage) -> None:
    """Their next change might have the same time; a later task may have one."""
    now = 4_000_000_000
    importing.write("other.py", "value = 1", modified=now)
    importing.prepare(PROBE)
    assert not importing.run(PROBE).is_warm
    importing.write("other.py", "value = 1")
    for _ in range(2):
        importing.prepare(PROBE)
    assert importing.run(PROBE).is_warm


UNFIT = {
    "fails": ("1 / 0", "ZeroDivisionError"),
    "exits": ("raise SystemExit(3)", "SystemExit"),
    "dies": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ended before it was ready"),
    "prints": ("print('hello')", "standard output"),
    "prints errors": ("import warnings\nwarnings.warn('careful')", "standard output or error"),
    "starts a thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "threads",
    ),
    "starts a process": ("import subprocess\nchild = subprocess.Popen(['/bin/sleep', '9'])", "processes"),
    "keeps a file open": ("file = open('/dev/null')", "files open"),
    "keeps a socket": ("import socket\nsocket = socket.socket()", "files open"),
    "changes the search path": ("import sys\nsys.path.append('/x')", "sys.path"),
    "changes the folder": ("import os\nos.chdir('/')", "folder"),
    "changes a variable": ("import os\nos.environ['X'] = '1'", "environment"),
    "reads its task": ("import os\nos.environ.get('AZ_BATCH_TASK_ID')", "AZ_BATCH_TASK_ID"),
    "reads its home": ("import os\nos.path.expanduser('~')", "HOME"),
    "reads everything": ("import os\ndict(os.environ)", "the whole environment"),
    "imports the main module": ("import probe", "the main module"),
}


@pytest.mark.parametrize(("code", "reason"), [pytest.param(*value, id=name) for name, value in UNFIT.items()])
def test_module_whose_import_has_effects_has_no_template(
    importing: Stage, caplog: pytest.LogCaptureFixture, code: str, reason: str
) -> None:
    """Its tasks start cold, and the log says why, once."""
    importing.write("other.py", f"value = 1\n{code}")
    cold = importing.run(PROBE, warm=False)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            importing.prepare(PROBE)
    seen = importing.run(PROBE)
    assert (seen, seen.is_warm) == (cold, False)
    assert len([record for record in caplog.messages if reason in record]) == 1, caplog.messages
    assert not _templates(importing)


def test_module_whose_import_does_not_end_has_no_template(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its tasks start cold meanwhile."""
    with Stage(tmp_path / "node", level=WarmLevel.IMPORTS, ready_seconds=0.2) as stage:
        stage.write("other.py", "import time, sys\nif len(sys.argv) == 1: time.sleep(600)")
        stage.write("probe.py", "import other\nprint('ran')")
        with caplog.at_level(logging.INFO):
            stage.prepare(PROBE)
        assert stage.run(PROBE).stdout == "ran\n"
        assert "has not ended after 0.2 s" in caplog.text
        assert not _templates(stage)


def test_node_closes_while_a_template_imports(tmp_path: Path) -> None:
    """It does not wait for it."""
    with Stage(tmp_path / "node", level=WarmLevel.IMPORTS) as stage:
        stage.write("other.py", "import time, sys\nif len(sys.argv) == 1: time.sleep(600)")
        stage.write("probe.py", "import other")
        stage.run(PROBE)
    assert not _templates(stage)


def test_site_customization_has_no_template(stage: Stage) -> None:
    """Each process has to run it for itself."""
    stage.write("sitecustomize.py", "print('customized')")
    for _ in range(2):
        stage.prepare(PROBE)
    seen = stage.run(PROBE)
    assert (seen.is_warm, seen.stdout) == (False, "customized\nhello ['word']\n")


def test_program_that_only_has_pythons_name_is_not_run_for_a_template(stage: Stage, tmp_path: Path) -> None:
    """A template that would not stop before the program would run it without a task."""
    program = tmp_path / "python3"
    program.write_bytes(Path("/bin/echo").read_bytes())
    program.chmod(0o755)
    for _ in range(3):
        stage.prepare([str(program), "-m", "probe"])
    seen = stage.run([str(program), "-m", "probe"])
    assert (seen.is_warm, seen.stdout) == (False, "-m probe\n")
    assert not _templates(stage)


def test_lost_template_does_not_hurt_tasks(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The next task starts cold, then there is another; after a few there is none any more."""
    for _ in range(4):
        stage.prepare(PROBE)
        (template,) = _templates(stage)
        os.kill(template, signal.SIGKILL)
        seen = stage.run(PROBE)
        assert (seen.is_warm, seen.stdout) == (False, "hello ['word']\n")
    stage.prepare(PROBE)
    assert not stage.run(PROBE).is_warm
    assert caplog.text.count("was lost") == 4


def test_template_that_does_not_answer_is_ended_and_the_task_runs_once(tmp_path: Path) -> None:
    """What it was asked for is not done later."""
    with Stage(tmp_path / "node", answer_seconds=0.2) as stage:
        stage.write("probe.py", "open('ran', 'a').write('x')")
        stage.prepare(PROBE)
        (template,) = _templates(stage)
        os.kill(template, signal.SIGSTOP)
        seen = stage.run(PROBE)
        assert (seen.is_warm, seen.files) == (False, {"ran": b"x"})
        assert not _templates(stage)


def test_templates_make_room(tmp_path: Path) -> None:
    """The one not used for longest ends when there are too many."""
    with Stage(tmp_path / "node", most=2) as stage:
        names = ["one", "two", "three"]
        for name in names:
            stage.write(f"{name}.py", HELLO)
        for name in names:
            stage.prepare(python("-m", name))
        assert len(_templates(stage)) == 2
        assert [stage.run(python("-m", name)).is_warm for name in reversed(names)] == [True, True, False]


def test_template_that_makes_room_waits_for_its_tasks(tmp_path: Path) -> None:
    """How a task ends is not lost with it."""
    with Stage(tmp_path / "node", most=1) as stage:
        stage.write(
            "waiting.py",
            "import sys, time\nwhile not __import__('os').path.exists('go'): time.sleep(0.01)\nsys.exit(5)",
        )
        stage.write("probe.py", HELLO)
        command = python("-m", "waiting")
        (stage.work / "go").touch()
        stage.prepare(command)
        process = stage.start(command)
        stage.prepare_beside(PROBE)
        assert is_warm(process)
        (stage.work / "go").touch()
        assert stage.wait(process).exit_code == 5
        assert len(_templates(stage)) == 1


def test_template_that_nobody_needs_ends(
    tmp_path: Path,
    runs: Callable[[int], bool],
    wait_until: Callable[[Callable[[], bool]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When it is needed again there is another, and it is not counted as lost."""
    with Stage(tmp_path / "node", idle_seconds=0.05) as stage:
        stage.write("probe.py", HELLO)
        for _ in range(6):
            stage.prepare(PROBE)
            wait_until(lambda: not _templates(stage))
            assert stage.run(PROBE).stdout == "hello ['word']\n"
            stage.warm.settle()
        assert "lost" not in caplog.text


def test_idle_template_waits_for_its_tasks(tmp_path: Path) -> None:
    """It alone knows how they end."""
    with Stage(tmp_path / "node", idle_seconds=0.01) as stage:
        stage.write("probe.py", "import sys, time\ntime.sleep(float(sys.argv[1]))\nsys.exit(7)")
        seen: list[Seen] = []
        while not any(each.is_warm for each in seen):
            stage.prepare(python("-m", "probe", "0"))
            seen.append(stage.run(python("-m", "probe", "0.1")))
        assert {each.exit_code for each in seen} == {7}


def test_templates_end_with_the_node(stage: Stage, runs: Callable[[int], bool]) -> None:
    """None is left."""
    stage.prepare(PROBE)
    (template,) = _templates(stage)
    stage.warm.close()
    assert not runs(template)


def test_request_that_is_too_long_starts_cold(stage: Stage) -> None:
    """A message to a template has a limit."""
    stage.prepare(PROBE)
    stage.environment |= {"AZ_BATCH_LONG": "x" * 100_000, "AZ_BATCH_LONGER": "x" * 100_000}
    seen = stage.run(PROBE)
    assert (seen.is_warm, seen.stdout) == (False, "hello ['word']\n")
    del stage.environment["AZ_BATCH_LONGER"]
    assert stage.run(PROBE).is_warm


FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0 and os.fork() == 0:
    os.setpgid(0, 0)
open(f"{os.getpid()}.pid", "w").close()
while True:
    time.sleep(600)
"""


def test_all_processes_of_a_warm_task_are_killed(
    stage: Stage, runs: Callable[[int], bool], wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """Those that ignore SIGTERM and those of other groups too; the template lives on."""
    stage.write("family.py", FAMILY)
    stage.write("probe.py", HELLO)
    command = python("-m", "family")
    stage.start_and_stop(command)
    stage.warm.settle()
    process = stage.start(command)
    assert is_warm(process)
    wait_until(lambda: len(list(stage.work.glob("*.pid"))) == 3)
    stage.stop.set()
    ended = stage.wait(process)
    assert (ended.cause, ended.exit_code) == (Cause.STOP, 137)
    assert not any(runs(int(path.stem)) for path in stage.work.glob("*.pid"))
    assert len(_templates(stage)) == 1


def test_warm_task_ends_when_its_time_is_up(stage: Stage) -> None:
    """With the exit code of the signal that ended it, and what it used."""
    stage.write("probe.py", "import sys, time\nif sys.argv[1] == 'long': time.sleep(600)")
    stage.prepare(PROBE)
    process = stage.start(python("-m", "probe", "long"))
    ended = stage.wait(process, limit=0.1)
    assert (is_warm(process), ended.cause, ended.exit_code) == (True, Cause.WALL_CLOCK, 143)
    assert ended.usage is not None


def test_usage_of_a_warm_task_is_its_own(stage: Stage) -> None:
    """Not its template's, nor that of the tasks before it."""
    stage.write("probe.py", "import sys, time\nwhile time.process_time() < float(sys.argv[1]): pass")
    stage.prepare(python("-m", "probe", "0.4"))
    usages = []
    for seconds in "0.4", "0":
        process = stage.start(python("-m", "probe", seconds))
        assert is_warm(process)
        usages.append(stage.wait(process).usage)
    long, short = (usage.user + usage.kernel for usage in usages if usage is not None)
    assert long.total_seconds() >= 0.39
    assert short < long / 2
