"""The first room: the secret key, and the pseudonyms made with it. Knows no table; see `erasure` for forgetting."""
