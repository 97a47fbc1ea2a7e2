"""Tests of the gateway on real sockets and a real database."""
