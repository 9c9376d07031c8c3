"""The demo company: a simulated retailer whose truth is known.

`simulate` writes its feeds and its truth; `respond` carries out a contact plan in that world and appends to the feeds
what follows; `advance` lets the world live on without one. The rest of the product reads only the feeds.
"""

from sources.companies.demo.continuing import advance, respond, stopped_at
from sources.companies.demo.plans import PlanError
from sources.companies.demo.profile import Profile, ProfileError, load_profile
from sources.companies.demo.simulation import simulate

__all__ = ["PlanError", "Profile", "ProfileError", "advance", "load_profile", "respond", "simulate", "stopped_at"]
