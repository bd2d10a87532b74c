"""Pushes a model with its card to the Hub, pulls one by name, lists what others have shared.

Only this package imports huggingface_hub. Every failure raises a HubError, a ValueError with one
plain sentence, within a minute. A token is used for one call and stored nowhere.
Functions named in -ing yield their progress; push_to_hub, from_hub and push_page only return.
"""

from charrnn.hub.calls import Transfer as Transfer
from charrnn.hub.calls import quiet as quiet
from charrnn.hub.calls import result_of as result_of
from charrnn.hub.card import LICENSES as LICENSES
from charrnn.hub.faults import HubError as HubError
from charrnn.hub.folder import from_pretrained as from_pretrained
from charrnn.hub.folder import save_pretrained as save_pretrained
from charrnn.hub.gallery import gallery as gallery
from charrnn.hub.jobs import Machines as Machines
from charrnn.hub.jobs import Submission as Submission
from charrnn.hub.pull import from_hub as from_hub
from charrnn.hub.pull import pulling as pulling
from charrnn.hub.push import Pushed as Pushed
from charrnn.hub.push import push_to_hub as push_to_hub
from charrnn.hub.push import pushing as pushing
from charrnn.hub.spaces.deploy import Plan as Plan
from charrnn.hub.spaces.deploy import deploying as deploying
from charrnn.hub.spaces.deploy import planning as planning
from charrnn.hub.spaces.deploy import starting as starting
from charrnn.hub.spaces.push import push_page as push_page
from charrnn.hub.spaces.push import pushing_page as pushing_page
