"""Native apps and tools: programs that are no browser and send a header of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from sessions_ui.client import systems


@dataclass(frozen=True, slots=True)
class Program:
    """An app or tool. `system` only where the header states one; None: what ua-parser makes of the header may be
    believed. `is_listed`: a name from the tables below, not just the word that the header begins with."""

    kind: str
    name: str
    version: str = ""
    system: str | None = None
    system_version: str = ""
    is_listed: bool = False


# What the product at the start of the header is called; the word itself where None.
TOOLS: dict[str, str | None] = {
    "aider": None, "aiohttp": None, "claude-cli": "Claude Code", "codex_cli_rs": "Codex", "crush": None,
    "geminicli": "Gemini CLI", "goose": None, "homebrew": "Homebrew", "npm": None, "opencode": None, "pip": None,
    "pnpm": None, "uv": None, "yarn": None, "cargo": None, "qwencode": "Qwen Code",
    "codex_exec": "Codex", "codex_vscode": "Codex", "google-http-java-client": None,
    "ansible-httpget": "Ansible", "apache-httpclient": None, "apache-jmeter": None, "apachebench": None, "aria2": None,
    "aws-cli": None, "axios": None, "boto3": None, "bruno-runtime": "Bruno", "bun": None, "curl": None, "deno": None,
    "docker": "Docker", "git": None, "git-lfs": None, "go-http-client": None, "go-resty": None, "got": None,
    "guzzlehttp": "Guzzle", "hackney": None, "helm": None, "http.rb": None, "httpie": None, "hyper": None,
    "insomnia": "Insomnia", "java": None, "java-http-client": None, "jetty": None, "jgit": None, "k6": None,
    "ktor-client": "Ktor", "kubectl": None, "libwww-perl": None, "node": "Node.js", "node-fetch": None,
    "node-superagent": None, "opentofu": None, "php": None, "postmanruntime": "Postman", "powershell": None,
    "pycurl": None, "python": None, "python-httpx": None, "python-requests": None, "python-urllib": None,
    "python-urllib3": None, "rclone": None, "reactornetty": None, "req": "Req", "reqwest": None, "rest-client": None,
    "restic": None, "restsharp": None, "ruby": None, "terraform": None, "typhoeus": None, "undici": None,
    "wget": None, "wget2": "Wget", "xh": None,
    "cline": "Cline", "copilot": None, "cursor": "Cursor", "gcloud": None, "githubcopilotchat": None, "roocode": None,
    "zed": "Zed",
}  # fmt: skip
# Headers of several words. The first group is the version.
TOOL_PATTERNS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("PowerShell", r"^Mozilla/5\.0 \(.*\) (?:Windows)?PowerShell/([\d.]+)"),
        ("aiohttp", r"^Python/[\d.]+ aiohttp/([\d.]+)"),
        ("Terraform", r"^HashiCorp Terraform/([\d.]+)"),
        ("Ktor", r"^Ktor client\b"),
        ("Symfony HttpClient", r"^Symfony HttpClient\b"),
        ("Thunder Client", r"^Thunder Client\b"),
        ("GitHub CLI", r"^GitHub CLI ([\d.]+)"),
        ("Faraday", r"^Faraday v([\d.]+)"),
        ("colly", r"^colly - https?://"),
        ("Lavf", r"^Lavf/?(\d[\d.]*)"),  # FFmpeg's library of formats
    )
)
# What Microsoft's shell says of Windows: 10.0.22000 and later builds are Windows 11.
WINDOWS_BUILD = re.compile(r"Microsoft Windows 10\.0\.(\d{5})")
# Go's header says the version of HTTP, not of the client.
NO_VERSION = frozenset({"Go-http-client"})

# The network libraries that mark an app of its own, in the words of their default headers.
APP_SIGNS = re.compile(r"\bCFNetwork/|\bokhttp/|\bAlamofire/|\bDart/[\d.]+|\(dart:io\)", re.IGNORECASE)
# From macOS 26 on some say of which system it is, in front of their own version.
CFNETWORK_OF = re.compile(r"\bCFNetwork/(iOS|iPadOS|macOS|tvOS|watchOS)/")
CFNETWORK = re.compile(r"\bCFNetwork/(?:\w+/)?[\d.]+ Darwin/(\d{1,3})[\d.]*(?: \((x86_64|i386)\))?")
ELECTRON = re.compile(
    r"\(KHTML, like Gecko\) (?:(.+?)/(\d[\w.-]*) )?Chrome/[\d.]+ (?:([A-Za-z][^/();]{0,62})/(\d[\w.-]*) )?Electron/"
)
ELECTRON_NAMES = {"discord": "Discord", "Code": "Visual Studio Code", "Teams": "Microsoft Teams"}
APP_PATTERNS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Microsoft Teams", r"^Mozilla/5\.0 .* Edg/[\d.]+ Teams/([\d.]+)"),
        ("Nextcloud Desktop", r"^Mozilla/5\.0 \(\w+\) mirall/([\d.]+)"),
        ("Mail", r"^Apple-i(?:Phone|Pad|Pod)\d+C\d+/\d"),  # Exchange's, with its own number of iOS
        ("Nextcloud Android", r"^Mozilla/5\.0 \(Android\) Nextcloud-android/([\d.]+)"),
        *(
            (name, rf"^Microsoft Office/[\d.]+ \(.*Microsoft {name} ([\d.]+)")
            for name in ("Excel", "OneNote", "Outlook", "PowerPoint", "Word")
        ),
        ("Word", r"^Microsoft Office Word/([\d.]+)"),
        ("Outlook", r"^Microsoft Outlook ([\d.]+)"),
        ("Instagram", r"^Instagram ([\d.]+) "),
        ("WhatsApp", r"^WhatsApp/([\d.]+)"),
        # Behind the name of the package stands its build.
        ("TikTok", r"^com\.(?:zhiliaoapp\.musically|ss\.android\.ugc\.trill)/"),
        ("Douyin", r"^com\.ss\.android\.ugc\.aweme/"),
    )
)
PRODUCT = re.compile(
    r"^(?:((?:\d{1,3}(?=[A-Za-z]))?[A-Za-z%][^/();<>\"]{0,190})/v?(\d[\w.-]*)|([A-Za-z][\w.-]{0,62})(?=[\s;(]|$))"
)
# Apple's daemons name the system first: "iOS/26.2 (23C55) dataaccessd/1.0".
SYSTEM_FIRST = re.compile(r"^(?:iOS|iPadOS|macOS|tvOS|watchOS)/[\d.]+ (?:\(\w+\) )?(?=[A-Za-z][\w.-]*/\d)")
# A build stands behind the version: "Acme 2 2.1.2/646".
VERSION_IN_NAME = re.compile(r"(.+) (\d+(?:\.\d+)+)")
# A version of the system's stands behind its name; not where that is the end of the program's ("AcmeNotes-iOS/3.2").
STATED_SYSTEM = re.compile(
    r"(?<![\w/-])(Android|iOS|iPadOS|macOS|Mac OS X|Mac OS|tvOS|watchOS)[ /](\d[\d._]*)"
)
SYSTEM_IN_NAME = re.compile(r"(.+?)[- ](iOS|iPadOS|Android|macOS)", re.IGNORECASE)
SYSTEM_NAMES = {"ios": "iOS", "ipados": "iPadOS", "android": "Android", "macos": "macOS"}
# A program behind a browser's first word and nothing else of a browser: "Mozilla/5.0 (iOS) AcmeNotes-iOS/3.2".
WRAPPED = re.compile(
    r"^Mozilla/\d\.\d \(([^()]*)\) (?=([A-Za-z][\w.-]*(?: [A-Z][\w.-]*){0,3})/v?\d[\w.-]*(?: \(|$))"
)
NO_PROGRAM = frozenset(
    {"applewebkit", "gecko", "webkit", "khtml", "presto", "goanna", "firefox", "libwww-fm"}
)


def find(user_agent: str) -> Program | None:
    """Return the app or tool whose header this is; None for browsers and whatever else begins like one."""
    return _tool(user_agent) or _app(user_agent)


def named_by_itself(user_agent: str, *, has_machine: bool) -> Program | None:
    """Return a program nobody knows, by the name it gives itself: `Name/1.2`. An app where it names a phone's system;
    its kind is unknown otherwise. A TV, console or watch has a kind of its own."""
    header = user_agent
    if (wrapped := WRAPPED.match(header)) and wrapped[2].lower() not in NO_PROGRAM:
        header = f"{header[wrapped.end() :]} ({wrapped[1]})"
    name, version = _product(header)
    if not version or name.startswith(("Mozilla", "Opera", "Dalvik", "HbbTV")):
        return None
    name, system, system_version = _with_system(name, header)
    if wrapped and not system:
        system = wrapped[1] if wrapped[1] in SYSTEM_NAMES.values() else ""
    return Program("app" if system or has_machine else "", name, version, system or None, system_version)


def _tool(user_agent: str) -> Program | None:
    for name, pattern in TOOL_PATTERNS:
        if match := pattern.match(user_agent):
            build = WINDOWS_BUILD.search(user_agent)
            is_windows_11 = build is not None and int(build[1]) >= 22000
            system = "Windows" if is_windows_11 else None
            version = match[1] if match.re.groups else ""
            return Program("tool", name, version, system, "11" if is_windows_11 else "", is_listed=True)
    product, version = _product(user_agent)
    if product.lower() not in TOOLS or APP_SIGNS.search(user_agent):
        return None
    name = TOOLS[product.lower()] or product
    system, system_version = _stated(user_agent)
    return Program(
        "tool", name, "" if name in NO_VERSION else version, system or None, system_version, is_listed=True
    )


def _app(user_agent: str) -> Program | None:
    for name, pattern in APP_PATTERNS:
        if match := pattern.match(user_agent):
            system, version = _stated(user_agent)
            app_version = match[1] if match.re.groups else ""
            return Program("app", name, app_version, system or None, version, is_listed=True)
    if match := ELECTRON.search(user_agent):
        name = (match[1] or match[3] or "").rpartition(") ")[2]
        return Program("app", ELECTRON_NAMES.get(name, name), match[2] or match[4] or "")
    name, version = _product(user_agent)
    if name.startswith("Mozilla") or not APP_SIGNS.search(user_agent):
        return None
    if match := CFNETWORK.search(user_agent):
        if told := CFNETWORK_OF.search(user_agent):
            return Program("app", name, version, told[1])
        system, system_version = _stated(user_agent)
        if system:
            return Program("app", name, version, system, system_version)
        return Program("app", name, version, *_apple(int(match[1]), is_intel=bool(match[2])))
    # OkHttp's, Dart's and Alamofire's headers are the same on every system: only what is stated counts.
    name, system, system_version = _with_system(name, user_agent)
    return Program("app", name, version, system, system_version)


def _apple(darwin: int, *, is_intel: bool) -> tuple[str | None, str]:
    """Return (system, version) of an Apple program; the system is None where ua-parser may be believed.

    Until Darwin 17 (2017) ua-parser knows whose CFNetwork it was; until 19 a Mac's said so by its processor. After that
    phones, tablets and Macs send the same, and only an old Intel Mac may still say so.
    """
    if darwin >= 18 and is_intel:
        return "macOS", ""
    return (None if darwin <= 19 else ""), ""


def _product(user_agent: str) -> tuple[str, str]:
    """Return (name, version) of the product that the header begins with; CFNetwork writes the name percent-encoded."""
    match = PRODUCT.match(SYSTEM_FIRST.sub("", user_agent))
    if match is None:
        return "", ""
    name, version = unquote(match[1] or match[3], errors="replace"), match[2] or ""
    if told := VERSION_IN_NAME.fullmatch(name):
        return told[1], told[2]
    # "Acme fetcher Mozilla/5.0 (…)": the version is that of an old word, before a browser's header.
    return (name.removesuffix(" Mozilla"), "") if name.endswith(" Mozilla") else (name, version)


def _with_system(name: str, user_agent: str) -> tuple[str, str, str]:
    """Return (name, system, its version): what is stated, or the end of the name ("AcmeNotes-iOS")."""
    system, version = _stated(user_agent)
    if match := SYSTEM_IN_NAME.fullmatch(name):
        return match[1].removesuffix(" for"), system or SYSTEM_NAMES[match[2].lower()], version
    return name, system, version


def _stated(user_agent: str) -> tuple[str, str]:
    product = PRODUCT.match(user_agent)
    # "iOS/14.8 com.example.app/2.8"
    is_of_system = product is not None and (product[1] or "").lower() in SYSTEM_NAMES
    match = STATED_SYSTEM.search(user_agent, product.end() if product and not is_of_system else 0)
    if match is None:
        return "", ""
    name = "macOS" if match[1].startswith("Mac OS") else match[1]
    version = match[2].replace("_", ".").strip(".")
    # "Android/34" is the level of its interfaces, not Android's version; so may "Android/14" be.
    is_level = match[0].startswith("Android/") and match[2].isdigit()
    return name, version if not is_level and systems.is_possible(name, version) else ""
