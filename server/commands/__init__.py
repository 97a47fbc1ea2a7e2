"""What each command of `yunshang` does; imported only when the command is called."""
