"""Trains on a rented machine, with the same command started as a Job of the Hub.

The machine runs `charrnn train ... --push USER/NAME`, so the model reaches the Hub even if nobody
is watching. The user's own text travels in a private bucket that the client creates and fills. The
run is saved in another bucket, so that a second job continues where the first one stopped.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import JobInfo, Volume

from charrnn.hub.account import client, endpoint_of, write_token
from charrnn.hub.calls import Call, result_of, supervise
from charrnn.hub.faults import HubError, sentence
from charrnn.hub.push import owner_of

COMMAND = "charrnn"
PYTHON = "3.12"
SAVES = "/saves"
"""The path on the machine of the bucket that the run is saved in."""
SAVE = "model.npz"
BUCKET = "charrnn-saves"
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Submission:
    """A command to run on one of the Hub's machines."""

    arguments: tuple[str, ...]
    """The words after the command; one that is the path of a file here is sent along."""
    flavor: str
    """The kind of machine, such as cpu-upgrade."""
    timeout: str
    """The longest time it may take, such as 2h."""
    package: str
    """What to install: a name, a version, or an address of charrnn."""
    command: str = COMMAND
    """`charrnn`, or the path of a Python file here."""

    @property
    def files(self) -> list[str]:
        """The files that are sent along."""
        own = () if self.command == COMMAND else (self.command,)
        return [name for name in (*own, *self.arguments) if Path(name).is_file()]

    @property
    def folder(self) -> str:
        """The folder of its saves in the bucket: the same for the same command and files."""
        parts = [repr(self.arguments).encode(), *(Path(name).read_bytes() for name in self.files)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    def request(self) -> dict[str, Any]:
        """The arguments of `HfApi.run_uv_job`, without the token."""
        return {
            "script": self.command,
            "script_args": list(self.arguments),
            "dependencies": [self.package],
            "python": PYTHON,
            "flavor": self.flavor,
            "timeout": self.timeout,
            "env": ENVIRONMENT,
        }


class Machines:
    """The Hub's machines, as the owner of HF_TOKEN or of the client's login may use them."""

    def __init__(self) -> None:
        """Raises HubError without a token."""
        self._token = write_token(None)
        self._api = client(endpoint_of(), self._token)

    def submit(self, submission: Submission) -> JobInfo:
        """Start a job. Raises HubError; then nothing runs."""
        for name in (COMMAND, submission.arguments[0]):
            if submission.command == COMMAND and Path(name).is_file():
                # The client would send it along in place of the command.
                raise HubError(f"Rename the file {name!r} here first: it looks like the command.")

        def work(call: Call) -> JobInfo:
            call.allow(sum(Path(name).stat().st_size for name in submission.files))
            owner = owner_of(self._api)
            bucket = f"{owner}/{BUCKET}"
            self._api.create_bucket(bucket, private=True, exist_ok=True)
            saves = Volume(type="bucket", source=bucket, mount_path=SAVES, path=submission.folder)
            # The client prints where it put the files, and warns that Jobs are experimental.
            with redirect_stdout(sys.stderr), warnings.catch_warnings(action="ignore"):
                job: JobInfo = self._api.run_uv_job(
                    **submission.request(),
                    secrets={"HF_TOKEN": self._token},
                    name="charrnn-train",
                    namespace=owner,
                    volumes=[saves],
                )
                return job

        return result_of(supervise(work, "the job"))

    def clear(self, job: JobInfo, submission: Submission) -> None:
        """Delete the save of a job that is done. Raises HubError."""
        bucket, save = f"{job.owner.name}/{BUCKET}", f"{submission.folder}/{SAVE}"

        def work(call: Call) -> bool:
            self._api.batch_bucket_files(bucket, delete=[save])
            return True

        result_of(supervise(work, "the job"))

    def lines(self, job: JobInfo) -> Iterator[str]:
        """The job's log as it grows, until the job ends. Raises HubError when it is lost."""
        try:
            owner = job.owner.name
            yield from self._api.fetch_job_logs(job_id=job.id, namespace=owner, follow=True)
        except Exception as error:  # whatever a client may raise, as in supervise
            raise HubError(sentence(error, "the job")) from None

    def stage(self, job: JobInfo) -> str:
        """The job's stage: RUNNING, COMPLETED, ERROR, CANCELED, ... Raises HubError."""
        where = {"job_id": job.id, "namespace": job.owner.name}
        now = result_of(supervise(lambda call: self._api.inspect_job(**where), "the job"))
        return str(now.status.stage)


def arguments(options: Sequence[tuple[str, Any]], corpus: str) -> tuple[str, ...]:
    """The command line after `charrnn`: train, the corpus, and --name=value for each option.

    A value is joined to its name by "=", so that none is taken for a file to send along.
    """
    words = ["train", corpus]
    for name, value in options:
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is False:
            words.append("--no-" + flag[2:])
        elif value is not None:
            words.append(f"{flag}={value}")
    return tuple(words)
