"""The only door to the network for addresses that strangers supply.

`destination` reads a URL's text, `guard` decides whether it may be called, `resolver` looks names up, `client` makes
one exchange with a checked address, `redirects` says what a redirect asks for, and `door` puts them together.
"""
