"""The demo company: a simulated retailer whose truth is known.

`simulate` writes its feeds and its truth. The rest of the product reads only the feeds.
"""

from sources.companies.demo.profile import Profile, ProfileError, load_profile
from sources.companies.demo.simulation import simulate

__all__ = ["Profile", "ProfileError", "load_profile", "simulate"]
