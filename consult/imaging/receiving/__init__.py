"""Scans that machines send by themselves: kept at their house until somebody brings them to a case.

A machine knows no cases, so what it sends is acknowledged, sealed and waits. A clinician of the
house brings it to a woman's case by the same way as a file from a disk: `taking.take`.
"""
