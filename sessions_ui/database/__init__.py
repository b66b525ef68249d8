"""What concerns the database itself: the look-up of a request, transactions, outages, clocks."""
