"""What providers report of our messages, and what people answer by keypad and SMS."""
