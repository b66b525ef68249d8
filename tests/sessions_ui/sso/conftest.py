from tests.openid.fixtures import other_key, provider, rsa_key

__all__ = ["other_key", "provider", "rsa_key"]
