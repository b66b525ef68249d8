"""What the shops call a phone, tablet or TV whose header has the maker's code: "Galaxy Tab S9" of "SM-X710".

A kept list, written down by us for what is common today; a code that is not here stays a code. docs/clients.md says how
it was checked.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sessions_ui.client.own_form import APPLE

# Samsung: the letter and as many digits as tell the device; what follows is the region and the network.
SAMSUNG = {
    "G980": "Galaxy S20", "G981": "Galaxy S20", "G780": "Galaxy S20 FE", "G781": "Galaxy S20 FE",
    "G985": "Galaxy S20+", "G986": "Galaxy S20+", "G988": "Galaxy S20 Ultra", "G991": "Galaxy S21",
    "G996": "Galaxy S21+", "G998": "Galaxy S21 Ultra", "G990": "Galaxy S21 FE", "S901": "Galaxy S22",
    "S906": "Galaxy S22+", "S908": "Galaxy S22 Ultra", "S911": "Galaxy S23", "S916": "Galaxy S23+",
    "S918": "Galaxy S23 Ultra", "S711": "Galaxy S23 FE", "S921": "Galaxy S24", "S926": "Galaxy S24+",
    "S928": "Galaxy S24 Ultra", "S721": "Galaxy S24 FE", "S931": "Galaxy S25", "S936": "Galaxy S25+",
    "S938": "Galaxy S25 Ultra", "S937": "Galaxy S25 Edge", "S731": "Galaxy S25 FE", "G973": "Galaxy S10",
    "G975": "Galaxy S10+", "G970": "Galaxy S10e", "G960": "Galaxy S9", "G965": "Galaxy S9+",
    "G950": "Galaxy S8", "G955": "Galaxy S8+", "N980": "Galaxy Note 20", "N981": "Galaxy Note 20",
    "N985": "Galaxy Note 20 Ultra", "N986": "Galaxy Note 20 Ultra", "N970": "Galaxy Note 10",
    "N975": "Galaxy Note 10+", "N960": "Galaxy Note 9", "F700": "Galaxy Z Flip", "F707": "Galaxy Z Flip 5G",
    "F711": "Galaxy Z Flip 3", "F721": "Galaxy Z Flip 4", "F731": "Galaxy Z Flip 5",
    "F741": "Galaxy Z Flip 6", "F766": "Galaxy Z Flip 7", "F916": "Galaxy Z Fold 2",
    "F926": "Galaxy Z Fold 3", "F936": "Galaxy Z Fold 4", "F946": "Galaxy Z Fold 5",
    "F956": "Galaxy Z Fold 6", "F966": "Galaxy Z Fold 7", "A015": "Galaxy A01", "A025": "Galaxy A02s",
    "A035": "Galaxy A03", "A037": "Galaxy A03s", "A045": "Galaxy A04", "A047": "Galaxy A04s",
    "A057": "Galaxy A05s", "A055": "Galaxy A05", "A065": "Galaxy A06", "A105": "Galaxy A10",
    "A115": "Galaxy A11", "A125": "Galaxy A12", "A127": "Galaxy A12", "A135": "Galaxy A13",
    "A136": "Galaxy A13 5G", "A137": "Galaxy A13", "A145": "Galaxy A14", "A146": "Galaxy A14 5G",
    "A155": "Galaxy A15", "A156": "Galaxy A15 5G", "A165": "Galaxy A16", "A166": "Galaxy A16 5G",
    "A175": "Galaxy A17", "A176": "Galaxy A17 5G", "A205": "Galaxy A20", "A202": "Galaxy A20e",
    "A215": "Galaxy A21", "A217": "Galaxy A21s", "A225": "Galaxy A22", "A226": "Galaxy A22 5G",
    "A235": "Galaxy A23", "A236": "Galaxy A23 5G", "A245": "Galaxy A24", "A256": "Galaxy A25 5G",
    "A266": "Galaxy A26 5G", "A305": "Galaxy A30", "A307": "Galaxy A30s", "A315": "Galaxy A31",
    "A325": "Galaxy A32", "A326": "Galaxy A32 5G", "A336": "Galaxy A33 5G", "A346": "Galaxy A34 5G",
    "A356": "Galaxy A35 5G", "A366": "Galaxy A36 5G", "A405": "Galaxy A40", "A415": "Galaxy A41",
    "A426": "Galaxy A42 5G", "A505": "Galaxy A50", "A515": "Galaxy A51", "A516": "Galaxy A51 5G",
    "A525": "Galaxy A52", "A526": "Galaxy A52 5G", "A528": "Galaxy A52s 5G", "A536": "Galaxy A53 5G",
    "A546": "Galaxy A54 5G", "A556": "Galaxy A55 5G", "A566": "Galaxy A56 5G", "A705": "Galaxy A70",
    "A715": "Galaxy A71", "A725": "Galaxy A72", "A736": "Galaxy A73 5G", "A805": "Galaxy A80",
    "M115": "Galaxy M11", "M127": "Galaxy M12", "M135": "Galaxy M13", "M215": "Galaxy M21",
    "M225": "Galaxy M22", "M236": "Galaxy M23 5G", "M315": "Galaxy M31", "M325": "Galaxy M32",
    "M336": "Galaxy M33 5G", "M346": "Galaxy M34 5G", "M526": "Galaxy M52 5G", "M536": "Galaxy M53 5G",
    "M546": "Galaxy M54 5G", "T500": "Galaxy Tab A7", "T505": "Galaxy Tab A7", "T220": "Galaxy Tab A7 Lite",
    "T225": "Galaxy Tab A7 Lite", "T510": "Galaxy Tab A 10.1 (2019)", "T515": "Galaxy Tab A 10.1 (2019)",
    "T290": "Galaxy Tab A 8.0 (2019)", "T295": "Galaxy Tab A 8.0 (2019)", "X200": "Galaxy Tab A8",
    "X205": "Galaxy Tab A8", "X210": "Galaxy Tab A9+", "X216": "Galaxy Tab A9+", "X110": "Galaxy Tab A9",
    "X115": "Galaxy Tab A9", "X230": "Galaxy Tab A11+", "X130": "Galaxy Tab A11", "X135": "Galaxy Tab A11",
    "P610": "Galaxy Tab S6 Lite", "P613": "Galaxy Tab S6 Lite", "P615": "Galaxy Tab S6 Lite",
    "P619": "Galaxy Tab S6 Lite", "P620": "Galaxy Tab S6 Lite", "P625": "Galaxy Tab S6 Lite",
    "T860": "Galaxy Tab S6", "T865": "Galaxy Tab S6", "T870": "Galaxy Tab S7", "T875": "Galaxy Tab S7",
    "T970": "Galaxy Tab S7+", "T975": "Galaxy Tab S7+", "T976": "Galaxy Tab S7+", "T730": "Galaxy Tab S7 FE",
    "T733": "Galaxy Tab S7 FE", "T736": "Galaxy Tab S7 FE", "X700": "Galaxy Tab S8", "X706": "Galaxy Tab S8",
    "X800": "Galaxy Tab S8+", "X806": "Galaxy Tab S8+", "X900": "Galaxy Tab S8 Ultra",
    "X906": "Galaxy Tab S8 Ultra", "X710": "Galaxy Tab S9", "X716": "Galaxy Tab S9", "X810": "Galaxy Tab S9+",
    "X816": "Galaxy Tab S9+", "X910": "Galaxy Tab S9 Ultra", "X916": "Galaxy Tab S9 Ultra",
    "X510": "Galaxy Tab S9 FE", "X516": "Galaxy Tab S9 FE", "X610": "Galaxy Tab S9 FE+",
    "X616": "Galaxy Tab S9 FE+", "X820": "Galaxy Tab S10+", "X826": "Galaxy Tab S10+",
    "X920": "Galaxy Tab S10 Ultra", "X926": "Galaxy Tab S10 Ultra", "X520": "Galaxy Tab S10 FE",
    "X526": "Galaxy Tab S10 FE", "X620": "Galaxy Tab S10 FE+", "X626": "Galaxy Tab S10 FE+",
    "X730": "Galaxy Tab S11", "X736": "Galaxy Tab S11", "X930": "Galaxy Tab S11 Ultra",
    "X936": "Galaxy Tab S11 Ultra", "R860": "Galaxy Watch 4", "R870": "Galaxy Watch 4",
    "R880": "Galaxy Watch 4 Classic", "R890": "Galaxy Watch 4 Classic", "R900": "Galaxy Watch 5",
    "R910": "Galaxy Watch 5", "R920": "Galaxy Watch 5 Pro", "R930": "Galaxy Watch 6",
    "R940": "Galaxy Watch 6", "R950": "Galaxy Watch 6 Classic", "R960": "Galaxy Watch 6 Classic",
    "L300": "Galaxy Watch 7", "L310": "Galaxy Watch 7", "L700": "Galaxy Watch Ultra",
}  # fmt: skip
# The whole code, of the other makers. (Apple's identifiers are in own_form.py.)
CODES = {
    "KFTRWI": "Fire HD 10 (2021)", "KFTRPWI": "Fire HD 10 Plus (2021)", "KFTUWI": "Fire HD 10 (2023)",
    "KFMAWI": "Fire HD 10 (2019)", "KFONWI": "Fire HD 8 (2020)", "KFRAWI": "Fire HD 8 (2022)",
    "KFRAPWI": "Fire HD 8 Plus (2022)", "KFMUWI": "Fire 7 (2019)", "KFQUWI": "Fire 7 (2022)",
    "KFSNWI": "Fire Max 11", "KFKAWI": "Fire HD 8 (2018)", "KFDOWI": "Fire HD 8 (2017)",
    "KFSUWI": "Fire HD 10 (2017)", "AFTMM": "Fire TV Stick 4K", "AFTKA": "Fire TV Stick 4K Max",
    "AFTKM": "Fire TV Stick 4K (2nd generation)", "AFTKRT": "Fire TV Stick 4K Max (2nd generation)",
    "AFTSSS": "Fire TV Stick (3rd generation)", "AFTSS": "Fire TV Stick Lite",
    "AFTR": "Fire TV Cube (2nd generation)", "AFTGAZL": "Fire TV Cube (3rd generation)",
    "AFTT": "Fire TV Stick (2nd generation)", "AFTS": "Fire TV (2nd generation)",
    "AFTN": "Fire TV (3rd generation)", "AFTA": "Fire TV Cube (1st generation)",
    "AFTCA002": "Fire TV Stick 4K Select", "A065": "Nothing Phone (2)", "A063": "Nothing Phone (1)",
    "A142": "Nothing Phone (2a)", "A059": "Nothing Phone (3a)", "XQ-BC52": "Xperia 1 III",
    "XQ-CT54": "Xperia 1 IV", "XQ-DQ54": "Xperia 1 V", "XQ-EC54": "Xperia 1 VI", "XQ-CC54": "Xperia 10 IV",
    "XQ-DC54": "Xperia 10 V", "XQ-BT52": "Xperia 10 III", "XQ-AU52": "Xperia 10 II",
    "M2101K6G": "Redmi Note 10 Pro", "M2101K7AG": "Redmi Note 10", "M2102J20SG": "POCO X3 Pro",
    "M2007J20CG": "POCO X3 NFC", "M2003J15SC": "Redmi Note 9", "M2006C3LG": "Redmi 9A",
    "M2004J19C": "Redmi 9", "2201117TY": "Redmi Note 11", "2201117TG": "Redmi Note 11",
    "2201116SG": "Redmi Note 11 Pro 5G", "23021RAAEG": "Redmi Note 12", "22101316G": "Redmi Note 12 Pro",
    "23117RA68G": "Redmi Note 13 Pro", "23124RA7EO": "Redmi Note 13", "2312DRA50G": "Redmi Note 13 Pro 5G",
    "23090RA98G": "Redmi Note 13 Pro+ 5G", "2201123G": "Xiaomi 12", "2201122G": "Xiaomi 12 Pro",
    "2211133G": "Xiaomi 13", "2210132G": "Xiaomi 13 Pro", "2306EPN60G": "Xiaomi 13T",
    "23078PND5G": "Xiaomi 13T Pro", "23127PN0CG": "Xiaomi 14", "24030PN60G": "Xiaomi 14 Ultra",
    "2406APNFAG": "Xiaomi 14T Pro", "24129PN74G": "Xiaomi 15", "25010PN30G": "Xiaomi 15 Ultra",
    "M2011K2G": "Mi 11", "M2101K9AG": "Mi 11 Lite", "21051182G": "Xiaomi Pad 5", "23049PCD8G": "POCO F5",
    "23043RP34G": "Xiaomi Pad 6", "CPH2581": "OnePlus 12", "CPH2449": "OnePlus 11", "CPH2653": "OnePlus 13",
    "CPH2609": "OnePlus 12R", "CPH2493": "OnePlus Nord 3", "CPH2663": "OnePlus Nord 4", "LE2113": "OnePlus 9",
    "LE2123": "OnePlus 9 Pro", "IN2013": "OnePlus 8", "IN2023": "OnePlus 8 Pro", "KB2003": "OnePlus 8T",
    "NE2213": "OnePlus 10 Pro", "AC2003": "OnePlus Nord", "DN2103": "OnePlus Nord 2 5G",
    "EB2103": "OnePlus Nord CE 5G", "ELE-L29": "P30", "VOG-L29": "P30 Pro", "MAR-LX1A": "P30 lite",
    "ANA-NX9": "P40", "ELS-NX9": "P40 Pro", "JNY-LX1": "P40 lite", "LYA-L29": "Mate 20 Pro",
    "ALN-AL00": "Mate 60 Pro", "WGR-W19": "MatePad Pro 12.6 (2022)", "RMX3311": "realme GT 2 Pro",
    "RMX3363": "realme GT Master Edition",
}  # fmt: skip
# Korean networks (K, L, S) and China (a digit) sell other phones under the same number: "SM-A156L" is a Galaxy Buddy 3.
SAMSUNG_CODE = re.compile(r"SM-([A-Z]\d{3})(?![KLS\d])[A-Z0-9/]*")


@lru_cache(maxsize=1024)
def marketing_name(model: str) -> str:
    """Return the name that people know for a model's code; empty where the list has none."""
    if match := SAMSUNG_CODE.fullmatch(model):
        return SAMSUNG.get(match[1], "")
    return CODES.get(model) or APPLE.get(model, "")
