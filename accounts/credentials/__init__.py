"""What people sign in with: what django-allauth keeps of it, and who may change it."""
