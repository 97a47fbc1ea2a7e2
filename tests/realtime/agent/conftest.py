"""A centre's agent on a real gateway, fed by simulators through real sockets."""
