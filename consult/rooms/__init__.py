"""Rooms of consultations: opened, entered, waited for, ended.

Whoever asked for the consultation and whoever said yes come in at once; everybody else who may see
her waits until somebody with the right to it lets them in. The media itself is `consult.media`,
which knows admissions and no people.
"""
