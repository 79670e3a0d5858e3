"""What the stages cost, from their templates and `cloudmart_cdk.costs`: tables, JSON, pictures, comparisons.

Owns showing and comparing. What a resource costs is `cloudmart_cdk.costs`' alone.
"""
