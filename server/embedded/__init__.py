"""Private PostgreSQL and Valkey servers under a data directory, on unix sockets only."""
