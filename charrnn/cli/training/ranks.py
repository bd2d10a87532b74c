"""Runs `train` under mpirun: rank 0 runs the command, the others help it."""

from __future__ import annotations

import argparse
import hashlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn import __version__
from charrnn.cli.output import ExitCode
from charrnn.cli.training.interrupt import SIGNALS
from charrnn.cli.training.plan import Plan, make_plan
from charrnn.training.parallel.ranks import check_equal

if TYPE_CHECKING:
    from mpi4py.MPI import Comm


def lead(args: argparse.Namespace, comm: Comm) -> Plan:
    """Make the plan and give its trainer to all ranks. Raises ValueError or OSError."""
    check_equal(comm, _settings(args))
    plan = None
    try:
        if args.processes > 1:
            raise ValueError("mpirun starts the processes: leave out --processes.")
        plan = make_plan(args, comm)
    finally:
        comm.bcast(plan and (plan.trainer, plan.seconds, plan.spent))
    plan.trainer.comm = comm
    return plan


def follow(args: argparse.Namespace, comm: Comm) -> ExitCode:
    """Train with rank 0, which alone reads, prints and saves, until it ends the run."""
    for number in SIGNALS:  # for rank 0 to handle
        signal.signal(number, signal.SIG_IGN)
    try:
        check_equal(comm, _settings(args))
    except ValueError:  # rank 0 says so, and the launcher would end it if this rank failed first
        return ExitCode.OK
    if (plan := comm.bcast(None)) is not None:
        trainer, seconds, spent = plan
        trainer.comm = comm
        for _ in trainer.run(seconds=seconds, spent=spent):
            pass
    return ExitCode.OK


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """What all ranks must be started with; the hash of the text where this machine has it."""
    files = [Path(name) for name in args.corpus if Path(name).is_file()]
    text = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] or ...
    given = {name: value for name, value in vars(args).items() if name != "run"}
    return given | {"text": text, "version": __version__}
