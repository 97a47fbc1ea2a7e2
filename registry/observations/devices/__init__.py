"""Instruments that send readings: registered, paired with whom they measure, revoked."""
