"""The app on this machine, whatever is behind it: the API in front, pollers that wake its functions, the terminal.

`infra.local` puts an AWS in memory behind it, `infra.serve` a folder on disk.
"""
