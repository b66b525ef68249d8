// Writes sessions_ui/static/sessions_ui/land.svg: the outline of the land, as one path that the map on the devices page
// refers to. Run when the projection or the view changes, not at build or run time: the file is committed.
//
//     cd tools/land && npm install --no-package-lock && npm run build
//
// Natural Earth 1:110m (public domain), by way of world-atlas. Equal Earth, so that the area of an accuracy circle means
// the same everywhere. The numbers of the view stand in sessions_ui/web/devices/overview/map.py, too; a test holds them together.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const WIDTH = 1000; // from 180° west to 180° east, on the equator
const NORTH = 84, SOUTH = -57; // degrees: all of the land but Antarctica, which nobody signs in from
const EQUAL_EARTH_HALF_WIDTH = Math.PI / ((Math.sqrt(3) / 2) * 1.340264); // on the equator, for a globe of radius 1

const scale = WIDTH / 2 / EQUAL_EARTH_HALF_WIDTH;
const projection = geoEqualEarth().scale(scale).translate([WIDTH / 2, 0]);
const top = projection([0, NORTH])[1];
const height = Math.round(projection([0, SOUTH])[1] - top);
projection.translate([WIDTH / 2, -top]).clipExtent([[0, 0], [WIDTH, height]]);

const land = createRequire(import.meta.url)("world-atlas/land-110m.json");
const path = geoPath(projection).digits(0)(feature(land, land.objects.land));
const svg = `<svg xmlns="http://www.w3.org/2000/svg">
<!-- Land outline: Natural Earth 1:110m, public domain; Equal Earth projection; made by tools/land/land.mjs -->
<symbol id="land" viewBox="0 0 ${WIDTH} ${height}"><path d="${path}"/></symbol>
</svg>
`;
writeFileSync(new URL("../../sessions_ui/static/sessions_ui/land.svg", import.meta.url), svg);

const cities = { London: [-0.1278, 51.5074], Lagos: [3.3792, 6.5244], Sydney: [151.2093, -33.8688], Honolulu: [-157.8583, 21.3069], Ushuaia: [-68.303, -54.8019] };
console.log({ scale, top, height, bytes: svg.length });
for (const [name, at] of Object.entries(cities)) console.log(name, projection(at).map((part) => part.toFixed(3)).join(" "));
