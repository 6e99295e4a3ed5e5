"""Who may call the endpoint."""

from aws_cdk import aws_apigateway as apigateway


class Authorization:
    """Who may call the endpoint. There is no open door."""

    def __init__(self, authorization_type: apigateway.AuthorizationType) -> None:
        self._authorization_type = authorization_type

    @classmethod
    def iam(cls) -> "Authorization":
        """AWS identities with permission to invoke it (`grant_invoke`), by Signature Version 4 requests."""
        return cls(apigateway.AuthorizationType.IAM)

    @property
    def authorization_type(self) -> apigateway.AuthorizationType:
        """What API Gateway is told."""
        return self._authorization_type
