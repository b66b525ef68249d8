"""Maker and model, where the header or the hints tell them."""

from __future__ import annotations

import re

from sessions_ui.client.evidence import Evidence
from sessions_ui.client.names import PLACEHOLDER_MODELS, known

# The comment behind "Android 14", a part at a time. A model may have brackets of its own ("moto g(30)"), which is why
# the header is asked and not ua-parser, who takes the maker's name out of it, too.
ANDROID = re.compile(r"Android(?:[ /]v?\d[\w.-]*)?; ?")
PART = re.compile(r" *((?:[^;()]|\([^()]*\))*)([;)]?)")
END = re.compile(r" (?:Build|AppleWebKit)/|/[A-Z0-9]{4,}\.\d{6}")
MAX_PARTS = 8
MAKERS_WORD = re.compile(r"^(?:(?:SAMSUNG|HUAWEI) |[Mm]odel:? (?=\S{2}))")
# What apps write there beside the model: a language, the level of the interfaces, a build, where the app is from.
NO_MODEL = re.compile(
    r"(?:[a-z]{2,3}(?:[-_][A-Za-z]{2,4}){0,2}|[UNIK]|wv|Linux.*|Mobile|Tablet|Mobile VR|HarmonyOS|HMSCore.*|"
    r"arm\w*|aarch64|x86(?:_64)?|(?:SDK|API|Api|api|sdk|build|level|Scale|Density|version|v)[ /:=]?\d[\w.]*|"
    r"Build(?:/.*)?|rv:.*|AppleWebKit/.*|WebView/.*|OpenHarmony.*|\d+dpi|\d+x\d+|\d{1,2}|\d+(?:\.\d+)+|"
    r"Microsoft|NOKIA|ACERINC|"  # Windows Phone's makers stand alone
    r"(?:PLAY|GPLAY|FOSS|FDROID|F-DROID|GITHUB|WEBSITE|STORE|RELEASE|DEBUG|GMS|HMS|fdroid|gplay|play|foss)|"
    r"[A-Z]{2}[A-Z0-9]{2}\.\d{6}\.\d{3}(?:\.[A-Z]\d+)?)?"
)


# A browser's header, in which ua-parser knows most makers; where other words stand behind the model it knows few.
PLAIN = "Mozilla/5.0 (Linux; Android 14; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"


def find(evidence: Evidence, system: str) -> tuple[str, str]:
    """Return (maker, model), each empty where unknown. `system` is what `systems.find()` said."""
    machine, base = evidence.machine, evidence.base
    if machine and (machine.model or not machine.has_model):
        return machine.maker, machine.model
    if "Fuchsia" in evidence.header:
        return "", ""  # ua-parser's "Nest Hub" is one of several
    if system == "iPadOS":
        return "Apple", base.model if base.model.startswith("iPad") else "iPad"
    told = _beside_android(evidence.header)
    model = told or ("" if told is not None and NO_MODEL.fullmatch(base.model) else base.model)
    if model in PLACEHOLDER_MODELS or (model == "Mac" and system != "macOS"):  # hints say that it is none
        return "", evidence.hints.model
    maker = _unless_generic(base.maker)
    if told and not maker:
        maker = _maker_of(told)
    elif not told:
        model = _whole(model, evidence.header)
    if machine and machine.maker:
        return machine.maker, model if machine.maker == maker or told else ""
    return maker, "iPod touch" if model == "iPod" else model or evidence.hints.model


def _maker_of(model: str) -> str:
    import ua_parser  # here as in `evidence.gather()`

    device = ua_parser.parse_device(PLAIN.format(model))
    return _unless_generic(known(device.brand)) if device else ""


def _unless_generic(maker: str) -> str:
    return "" if maker.startswith("Generic") else maker


def _whole(model: str, header: str) -> str:
    """Return the model as the header has it, where its name goes on behind a number at which ua-parser's pattern ends:
    "Quest 3S"."""
    if not model[-1:].isdigit():
        return model
    match = re.search(rf"\b{re.escape(model)}\w*", header)
    return match[0] if match else model


def _beside_android(header: str) -> str | None:
    """Return the model that stands behind the system; empty where only other words do, None where Android says no
    more."""
    match = ANDROID.search(header)
    if match is None:
        return None
    at = match.end()
    for _part in range(MAX_PARTS):
        part = PART.match(header, at)
        if part is None:
            break
        model = MAKERS_WORD.sub("", END.split(part[1], maxsplit=1)[0].strip())
        if not NO_MODEL.fullmatch(model):
            return model
        at = part.end()
        if part[2] != ";":
            break
    return ""
