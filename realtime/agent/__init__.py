"""What a county centre installs: reads monitors, keeps seconds on disk, sends until acknowledged.

The parts are small and know little of each other. A decoder turns a device's bytes into samples;
a clockwork makes seconds of them; a presence watch says when a recording begins and ends; the
buffer makes a second durable before anything sends it; the uplink speaks `yunshang.ctg.v1`. Bytes,
moments and decisions only, in all of them: files, ports and sockets are at the edge.
"""
