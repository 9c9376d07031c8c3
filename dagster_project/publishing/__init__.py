"""The last room: what readers get. Copies finished tables without personal columns; computes nothing."""
