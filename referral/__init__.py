"""Transfers between units: referral, offer, leg, hold."""
