"""Stella: the customer data warehouse. The rooms stand in the order in which the data walks through them."""

import os

# Matrices here have a few rows: a second thread of numpy's library only waits, at a cost. DuckDB has its own threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
