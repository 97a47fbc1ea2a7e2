"""The watch over paging itself: from outside the engine, with an alarm channel of its own."""
