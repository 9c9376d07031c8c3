"""The demo company: a simulated retailer whose truth is known.

`simulate` writes its feeds and its truth; `respond` carries out a contact plan in that world and appends to the feeds
what follows. The rest of the product reads only the feeds.
"""

from sources.companies.demo.profile import Profile, ProfileError, load_profile
from sources.companies.demo.respond import PlanError, respond
from sources.companies.demo.simulation import simulate

__all__ = ["PlanError", "Profile", "ProfileError", "load_profile", "respond", "simulate"]
