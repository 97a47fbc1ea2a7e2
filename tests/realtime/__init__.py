"""Tests of the CTG path."""
