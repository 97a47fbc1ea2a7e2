"""Consultations by telephone, where video cannot be had: who was spoken to, when, what was advised.

Nobody measures such a call, so its record says what a person typed and when they typed it. It is
never changed: a correction is a further record that names the one it stands for.
"""
