"""What the developers run by hand or by make, and no part of the product: catalogues, pictures, files that are made."""
