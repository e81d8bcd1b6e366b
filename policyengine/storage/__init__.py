"""Where a registry keeps its events and artifacts: a folder or a SQLite file, behind one interface."""
