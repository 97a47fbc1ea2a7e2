"""What calls cost and how they fare on poor lines; see docs/video.md."""
