"""What CTG promises, while everything that carries it is killed or abused."""
