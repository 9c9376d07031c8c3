"""Stella: the customer data warehouse. The rooms stand in the order in which the data walks through them."""
