"""Watch Amazon's gift card API (AGCOD) through the client you already have.

```python
import requests
from agcod_guard import Guard

guard = Guard()
session = guard.wrap(requests.Session())
```
"""

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.errors import GuardError, SettingsError
from agcod_guard.guard import Guard
from agcod_guard.incident.incident import Incident
from agcod_guard.outage.detector import Transition
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.settings import Settings
from agcod_guard.version import __version__

__all__ = [
    "Call",
    "Endpoint",
    "Guard",
    "GuardError",
    "Incident",
    "OutagePolicy",
    "Outcome",
    "Settings",
    "SettingsError",
    "Transition",
    "__version__",
]
