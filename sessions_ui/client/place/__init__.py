"""Where an address is, from files on this machine; and the keeping of those files.

`files.py` opens them, `schema.py` reads their records, `licence.py` says what their makers ask for; `unpack.py` and
`check.py` are for `manage.py update_places`. docs/places.md names the sources.
"""

from sessions_ui.client.place.lookup import Places, place_of, places_in

__all__ = ["Places", "place_of", "places_in"]
