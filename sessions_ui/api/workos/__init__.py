"""What the published clients of WorkOS ask for: a product built on them moves by its base URL (docs/workos.md).

Plain views: `urls.py` is included under a prefix, or at the root of a host. What a view does is an action of
`actions/`; `wording/workos.py` has the shapes, which webhooks share.
"""
