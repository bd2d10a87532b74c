"""A stand-in for the Hub: real HTTP on loopback, all in memory, for the real client to talk to.

It answers what huggingface_hub 2.4 asks for when it pushes, pulls, lists, makes Spaces and runs
Jobs, with Xet and without. `hub.log` holds every request, `hub.faults` makes the next ones fail,
`hub.repos` is what is stored. What it does not know it logs in `hub.unknown` and answers 404.

    with Hub().serve() as hub:
        push_to_hub(model, "alice/sea", token=ALICE, endpoint=hub.url)

`python -m standin 8765` serves one by hand.
"""

from standin.server import Fault, Hub
from standin.store import ALICE, ALICE_READS, BOB, Refusal, Repo, User

__all__ = ["ALICE", "ALICE_READS", "BOB", "Fault", "Hub", "Refusal", "Repo", "User"]
