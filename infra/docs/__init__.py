"""The generated documents. Each module makes one; `python -m infra.docs` writes them all."""
