"""The front door and the pages at `/docs`."""
