"""Checks ID tokens of an OpenID Connect issuer: handler → decision → token, keys, signature, claims → customer."""
