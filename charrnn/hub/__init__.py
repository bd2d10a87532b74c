"""Models on the Hub: push one with its card, pull one by name, list what others have shared.

Only this package imports huggingface_hub. Every failure leaves it as a HubError, a ValueError with
one plain sentence, within a minute. A token is used for one call and stored nowhere.

    push_to_hub, pushing      a model to a repository: in one call, or yielding its progress
    from_hub, pulling         a repository to a model
    gallery                   the models that others have shared
    push_page, pushing_page   a playable web page to a static Space, which is free to host
    deploying                 the whole page to a Gradio Space
    Machines, Submission      a training on a rented machine
"""

from charrnn.hub.calls import Transfer, quiet, result_of
from charrnn.hub.card import LICENSES
from charrnn.hub.faults import HubError
from charrnn.hub.gallery import Shared, gallery
from charrnn.hub.jobs import Job, Machines, Submission
from charrnn.hub.pull import from_hub, pulling
from charrnn.hub.push import Pushed, push_to_hub, pushing
from charrnn.hub.spaces import deploying, push_page, pushing_page

__all__ = [
    "LICENSES",
    "HubError",
    "Job",
    "Machines",
    "Pushed",
    "Shared",
    "Submission",
    "Transfer",
    "deploying",
    "from_hub",
    "gallery",
    "pulling",
    "push_page",
    "push_to_hub",
    "pushing",
    "pushing_page",
    "quiet",
    "result_of",
]
