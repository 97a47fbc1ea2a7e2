"""交接班: the incoming person reads what is open and says "I have it"; until then both ring."""
