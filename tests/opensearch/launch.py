"""Become another user, ask to die with the parent, then turn into a command. Run as a script, before a node.

    python -I launch.py <parent's pid> <uid> <gid> <command> …

An own process rather than a hook between fork and exec: it is safe beside threads, and the wish to die with the parent
is forgotten when a process changes its user, so it must come after that.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def main(parent: int, user: int, group: int, command: list[str]) -> None:
    if user != os.geteuid():
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask
        sys.exit("The test run that wanted this node is gone.")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
