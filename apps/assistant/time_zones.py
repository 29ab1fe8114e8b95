"""Time zones by place: a city, a country, a state of the US, or the zone's own name. From tzdata, no network.

tzdata also brings the zones themselves where a system has none (Windows).
"""

import functools
import importlib.resources
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# Zone -> places that people name and the database does not.
_MORE = {
    "America/New_York": "eastern time, eastern, est, edt, nyc, new york city, manhattan, brooklyn, washington, "
    "washington dc, boston, philadelphia, miami, atlanta, orlando, connecticut, delaware, georgia, maine, maryland, "
    "massachusetts, new hampshire, new jersey, north carolina, ohio, pennsylvania, rhode island, south carolina, "
    "vermont, virginia, west virginia, nj, ny, pa, ma, ga, fl, nc, florida, michigan, cleveland",
    "America/Chicago": "central time, central, cst, cdt, dallas, houston, austin, san antonio, new orleans, "
    "minneapolis, saint louis, st louis, milwaukee, memphis, nashville, alabama, arkansas, illinois, iowa, louisiana, "
    "minnesota, mississippi, missouri, oklahoma, wisconsin, texas, tx, il, kansas, nebraska, tennessee",
    "America/Denver": "mountain time, mountain, mst, mdt, salt lake city, colorado, co, montana, new mexico, "
    "utah, wyoming",
    "America/Phoenix": "arizona, az, tucson",
    "America/Los_Angeles": "pacific time, pacific, pacific standard time, pst, pdt, la, san francisco, san diego, "
    "seattle, portland, las vegas, hollywood, silicon valley, california, nevada, washington state, oregon, ca, nv, wa",
    "America/Anchorage": "alaska",
    "Pacific/Honolulu": "hawaii",
    "America/Toronto": "montreal, ottawa, ontario, quebec",
    "America/Vancouver": "british columbia",
    "America/Sao_Paulo": "rio, rio de janeiro, brasilia",
    "Europe/London": "uk, england, scotland, wales, great britain, united kingdom, manchester, liverpool, edinburgh",
    "Europe/Berlin": "munich, hamburg, frankfurt, cologne, central european time, cet",
    "Europe/Paris": "lyon, marseille",
    "Europe/Rome": "milan, naples, florence, venice",
    "Europe/Madrid": "barcelona, seville",
    "Europe/Zurich": "geneva, bern, basel",
    "Europe/Amsterdam": "holland, rotterdam, the hague",
    "Europe/Moscow": "saint petersburg, st petersburg",
    "Asia/Kolkata": "india, mumbai, bombay, delhi, new delhi, bangalore, chennai",
    "Asia/Shanghai": "china, beijing, peking, shenzhen, guangzhou",
    "Asia/Tokyo": "osaka, kyoto",
    "Asia/Seoul": "south korea, korea",
    "Asia/Pyongyang": "north korea",
    "Asia/Ho_Chi_Minh": "saigon, vietnam, hanoi",
    "Asia/Dubai": "abu dhabi, uae",
    "Asia/Jerusalem": "tel aviv",
    "Africa/Johannesburg": "cape town",
    "Pacific/Auckland": "new zealand, wellington",
    "Australia/Sydney": "canberra",
    "UTC": "gmt, greenwich, zulu, coordinated universal time",
}


def zones(place: str) -> list[ZoneInfo]:
    """The zones of a place; none if it is unknown.

    "houston, tx" is looked for as it stands, then before its comma, then after it.
    """
    name = " ".join(place.lower().replace(".", "").split()).removeprefix("the ")
    before, _, after = name.partition(",")
    for each in (name, before.strip(), after.strip(), name.removesuffix(" time").strip()):
        if each in _places():
            return [ZoneInfo(zone) for zone in _places()[each]]
    return []


def distinct(found: list[ZoneInfo], now: datetime) -> list[ZoneInfo]:
    """Of several zones, one for each offset from UTC at a moment, from west to east."""
    by_offset = {}
    for zone in found:
        by_offset.setdefault(now.astimezone(zone).utcoffset(), zone)
    return [by_offset[offset] for offset in sorted(by_offset)]


def city(zone: ZoneInfo) -> str:
    """The city in a zone's name: "Buenos Aires"."""
    return zone.key.rsplit("/", 1)[-1].replace("_", " ")


def offset(zone: ZoneInfo, now: datetime) -> str:
    """A zone's distance from UTC at a moment: "UTC+5:30"."""
    minutes = int(now.astimezone(zone).utcoffset() / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


@functools.cache
def _places() -> dict[str, list[str]]:
    """Place, in lower case -> names of its zones. Our own names win over the data base's, cities over countries."""
    folder = importlib.resources.files("tzdata")
    countries = {}
    for line in _rows(folder / "zoneinfo" / "iso3166.tab"):
        countries[line[0]] = line[1].lower()
    found = {}
    for code, _, zone, *_ in _rows(folder / "zoneinfo" / "zone.tab"):
        found.setdefault(countries[code], []).append(zone)
    for short, code in (("usa", "US"), ("us", "US"), ("america", "US"), ("united states of america", "US")):
        found[short] = found[countries[code]]
    for zone in (folder / "zones").read_text(encoding="utf-8").split():
        found[zone.lower()] = [zone]
        found[zone.rsplit("/", 1)[-1].replace("_", " ").lower()] = [zone]
    for zone, names in _MORE.items():
        found |= {name.strip(): [zone] for name in names.split(",")}
    return found


def _rows(file):
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
