"""What forks.py starts: imports the SDK as a program's interpreter does, and forks itself for every program.

Its arguments are the folder of program.py, and modules to import besides.
Standard input is a socket. Each request comes with four files: the program's standard input, output and
error, and one to tell of it: its process id at first, its exit code (negative for a signal) at last.
"""

import importlib
import json
import os
import random
import signal
import socket
import sys
from typing import Any

LONGEST = 1 << 18

if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    import program  # type: ignore[import-not-found]  # which takes its folder from the path again

    del sys.modules["program"]
    for module in sys.argv[2:]:
        importlib.import_module(module)


def main() -> None:
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while True:
        message, files, _, _ = socket.recv_fds(control, LONGEST, 4)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            watch(json.loads(message), *files)
        for file in files:
            os.close(file)


def watch(request: dict[str, Any], stdin: int, stdout: int, stderr: int, told: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(told)
        os.setsid()
        for number, file in enumerate((stdin, stdout, stderr)):
            os.dup2(file, number)
            os.close(file)
        os.chdir(request["directory"])
        os.environ.clear()
        os.environ.update(request["environment"])
        random.seed()
        program.end(program.main())
    for file in (stdin, stdout, stderr):
        os.close(file)
    os.write(told, b"%d\n" % child)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(told, b"%d\n" % code)
    os._exit(0)


if __name__ == "__main__":
    main()
