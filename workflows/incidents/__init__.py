"""Steps that failed, and what people do about them."""
