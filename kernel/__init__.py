"""Ground floor: what every domain stands on and that knows no domain itself."""
