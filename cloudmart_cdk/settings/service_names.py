"""A service's name as CloudFormation's ids take it: they have no hyphen."""


def pascal_case(service: str) -> str:
    """`payment-gateway` -> `PaymentGateway`."""
    return "".join(part.title() for part in service.split("-"))
