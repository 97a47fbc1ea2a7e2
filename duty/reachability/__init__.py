"""The reachability board: everybody on call now and in the next day, worst first."""
