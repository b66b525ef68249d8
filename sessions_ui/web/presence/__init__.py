"""What a page does while somebody looks at it."""
