"""What the API answers, as precise schemas: the OpenAPI document is made of them."""
