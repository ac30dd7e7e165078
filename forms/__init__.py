"""What is asked: form definitions, and what makes schemas and pages of them."""
