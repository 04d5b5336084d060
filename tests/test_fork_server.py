"""Processes forked from the copy of the test process: what a test sees of them is what it sees of started ones."""

import os
import signal
import subprocess
import sys

import pytest

from tests.helpers.fork_server import AVAILABLE, Forked

pytestmark = [
    pytest.mark.skipif(not AVAILABLE, reason="processes are forked on Linux only"),
    pytest.mark.parametrize("start", [subprocess.Popen, Forked], ids=["started", "forked"]),
    pytest.mark.usefixtures("forked"),
]


def test_words_input_folder_environment_and_all_output_are_its_own(start, tmp_path):
    code = (
        "import os, sys; print(sys.argv, os.getcwd(), os.environ.get('WORD'), os.environ.get('HOME'), input());"
        " print('wrong', file=sys.stderr); os.write(1, b'end')"
    )
    process = start(
        [sys.executable, "-c", code, "a b", "--c"], cwd=tmp_path, env={"WORD": "x"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = process.communicate("given\n", timeout=60)
    assert out == f"end['-c', 'a b', '--c'] {tmp_path} x None given\n"  # what is printed waits in a buffer
    assert (err, process.returncode) == ("wrong\n", 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [("raise SystemExit(7)", 7), ("1 / 0", 1), ("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)],
)
def test_the_exit_code_is_the_real_one(start, body, code, tmp_path):
    (tmp_path / "script.py").write_text(f"import os, sys\nassert sys.argv == ['script.py', '1']\n{body}\n")
    process = start([sys.executable, "script.py", "1"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    assert process.wait(60) == code == process.poll() == process.returncode


def test_it_is_alive_until_it_is_killed_and_hears_every_signal(start):
    code = "import signal, time; signal.signal(15, lambda *_: print('term', flush=True)); print('up', flush=True)\n"
    process = start([sys.executable, "-c", code + "while True: time.sleep(60)"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    assert process.poll() is None
    process.terminate()
    assert process.stdout.readline() == "term\n"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert process.stdout.read() == ""


def test_its_input_ends_with_who_holds_it(start):
    process = start([sys.executable, "-c", "import sys; sys.stdin.read(); print('ended')"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    process.stdin.close()
    assert process.stdout.read() == "ended\n"
    assert process.wait(60) == 0


def test_a_session_of_its_own_where_it_is_asked_for(start):
    code = "import os; print(os.getsid(0) == os.getpid())"
    for own in (True, False):
        process = start([sys.executable, "-c", code], start_new_session=own, stdout=subprocess.PIPE, text=True)
        assert process.communicate()[0] == f"{own}\n"


def test_it_starts_others_and_is_no_other_process(start):
    own = "import os; print(os.getpid(), flush=True)"
    command = f"[sys.executable, '-c', {own + '; os._exit(5)'!r}]"
    code = f"{own}; import subprocess, sys; raise SystemExit(subprocess.run({command}).returncode)"
    process = start([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    first, second = map(int, process.communicate()[0].split())
    assert first == process.pid
    assert len({first, second, os.getpid()}) == 3
    assert process.returncode == 5
