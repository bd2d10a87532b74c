"""Models on the Hub: push one with its card, pull one by name, see what others have shared.

This package alone imports huggingface_hub. Every fault leaves it as one HubError, a ValueError
with a plain sentence, within a minute. Tokens are used for the call and kept nowhere.

    push_to_hub, pushing      a model to a repository: at once, or telling how far it is
    from_hub, pulling         a repository to a model
    gallery                   the models others have shared
"""

from charrnn.hub.calls import Transfer, quiet, result_of
from charrnn.hub.card import LICENSES
from charrnn.hub.faults import HubError
from charrnn.hub.gallery import Shared, gallery
from charrnn.hub.pull import from_hub, pulling
from charrnn.hub.push import Pushed, push_to_hub, pushing

__all__ = [
    "LICENSES",
    "HubError",
    "Pushed",
    "Shared",
    "Transfer",
    "from_hub",
    "gallery",
    "pulling",
    "push_to_hub",
    "pushing",
    "quiet",
    "result_of",
]
