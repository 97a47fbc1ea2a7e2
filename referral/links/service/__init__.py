"""Commands on links and by links."""
