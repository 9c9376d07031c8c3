"""The first room: the secret key, what is made with it, and forgetting: persons, tombstones, traces in files."""
