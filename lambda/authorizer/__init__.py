"""One sign-in at an OpenID Connect issuer: handler → decision, by token, keys, signature and claims → the customer."""
