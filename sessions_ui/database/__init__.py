"""What is asked of the database as such: the look-up of a request, transactions, outages, clocks."""
