"""Modules of the CDK that are imported when they are first used.

An endpoint by itself needs none of them. Their import would take a thirtieth of its synthesis. Annotations must not
evaluate them either: put these in quotation marks, or begin the module with `from __future__ import annotations`. The
module of a construct cannot begin so: Sphinx then finds no types for the parameters of its constructor.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["cloudwatch", "cognito", "dynamodb"]

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_cognito as cognito
    from aws_cdk import aws_dynamodb as dynamodb
else:

    class _Module:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(f"aws_cdk.{self._name}"), name)

    cloudwatch, cognito, dynamodb = map(_Module, ("aws_cloudwatch", "aws_cognito", "aws_dynamodb"))
