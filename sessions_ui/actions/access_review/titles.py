"""What the devices of a review are called: of two of one name each line has to say which it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sessions_ui.models import AccessReview, AccessReviewItem, Device
from sessions_ui.wording.names import distinct_titles


def device_titles(review: AccessReview, users: Collection[Any]) -> dict[int, str]:
    """Return the titles of the lines about devices of these people, by the key of the line; one statement.

    They are told apart among all that the review has of a person, so that a device is called the same on each of its
    pages and in its files.
    """
    items = AccessReviewItem.objects.filter(review=review, user_id__in=list(users), device__isnull=False)
    devices: dict[Any, dict[int, Device]] = defaultdict(dict)
    lines = list(items.select_related("device"))
    for item in lines:
        if item.device is not None:  # else it was purged
            devices[item.user_id][item.device.pk] = item.device
    titles: dict[int, str] = {}
    for own in devices.values():
        told = distinct_titles([(device, None) for device in own.values()])
        titles |= dict(zip(own, told, strict=True))
    return {item.pk: titles[item.device.pk] for item in lines if item.device is not None}
