"""From the domain to each surface's documented JSON. Pure: used by the surfaces and by what they send out."""
