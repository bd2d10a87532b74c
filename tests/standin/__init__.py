"""A stand-in for the Hub: real HTTP on loopback, all in memory, for the real client to talk to.

It answers the requests that huggingface_hub 2.4 makes to push, pull, list, make Spaces and run
Jobs, with Xet and without. `hub.log` has every request, `hub.faults` makes the next ones fail,
`hub.repos` is what is stored. Unknown requests are logged in `hub.unknown` and get 404.

    with Hub().serve() as hub:
        push_to_hub(model, "alice/sea", token=ALICE, endpoint=hub.url)

`python -m standin 8765` serves one by hand.
"""

from standin.server import Fault, Hub
from standin.store import ALICE, ALICE_READS, BOB, Refusal, Repo, User

__all__ = ["ALICE", "ALICE_READS", "BOB", "Fault", "Hub", "Refusal", "Repo", "User"]
