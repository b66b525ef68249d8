"""Where an address is, from files on this machine; and the keeping of those files.

`files.py` opens them; `nested.py` (geoip2) and `flat.py` (maxminddb) read their records. `schema.py` says which of the
two, and what of the values is believed; `licence.py`, what the makers ask for. `unpack.py` and `check.py` are for
`manage.py update_places`. docs/places.md names the sources.
"""

from sessions_ui.client.place.lookup import Places, place_of, places_in

__all__ = ["Places", "place_of", "places_in"]
