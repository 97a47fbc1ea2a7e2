"""The composition root: application, processes, settings, migrations."""
