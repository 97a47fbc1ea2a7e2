"""People made of packets: real connections that send a prepared clip and count what comes.

They need no browser, so that a room of eight costs the machine hardly more than its worker.
"""
