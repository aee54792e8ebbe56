"""What surrounds the product: the one resource template, its use by API calls, and the local stack."""
