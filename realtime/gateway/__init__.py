"""The gateway process: monitors in, viewers out, on its own asyncio server.

`door` reads the HTTP head and decides who may pass; picows then speaks WebSocket for the listeners
in `ingest` and `viewing`, thin shells around the Sans-I/O sessions. `commit` makes flushes durable,
`store` holds the SQL, `folder` empties the journal into chunks.
"""
