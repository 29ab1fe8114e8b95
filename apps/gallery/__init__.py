"""The gallery: one local page with all apps, served by `server.py`."""
