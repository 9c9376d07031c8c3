"""Wiring only: which asset depends on which, which checks stand where. The work is in the rooms beside this one."""
