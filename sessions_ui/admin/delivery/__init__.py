"""What leaves the site: mails and webhooks, and who receives those."""
