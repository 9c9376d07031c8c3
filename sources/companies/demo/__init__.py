"""The demo company: a simulated retailer whose truth is known."""
