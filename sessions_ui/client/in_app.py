"""Browsers inside apps: the app's own words in an otherwise ordinary header. Most are unknown to ua-parser."""

from __future__ import annotations

import re

# The first that matches; its first group that took part is the version. The formats are the apps' own; the corpus in
# tests/ has an example of each with its source.
APPS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "Facebook Messenger",
            r"FBAN/(?:Messenger|Orca)\S*?(?:.*?FBAV/([\d.]+))?|FB_IAB/Orca(?:.*?FBAV/([\d.]+))?",
        ),
        # Advertisements of Facebook's, in an app of somebody else's.
        ("WebView", r"FBAN/AudienceNetworkFor()"),
        ("Facebook", r"(?:FBAN/FB|FB_IAB/FB4A)(?:.*?FBAV/([\d.]+))?"),
        ("Instagram", r"\bInstagram ([\d.]+)"),
        ("Threads", r"\bBarcelona ([\d.]+)"),
        ("TikTok", r"\b(?:musical_ly|trill)_.*?\b(?:app_version|AppVersion)/([\d.]+)"),
        (
            "TikTok",
            r"\bmusical_ly[_/](\d+\.[\d.]+)|\bAppName/(?:musical_ly|trill)\b|\b(?:musical_ly|trill)_\d",
        ),
        ("Douyin", r"\baweme[_/](\d+\.[\d.]+)|\bAppName/aweme\b"),
        ("WeChat", r"\bMicroMessenger/([\d.]+)"),
        ("LinkedIn", r"\[LinkedInApp\](?:/([\d.]+))?|\bLinkedInApp/([\d.]+)"),
        ("Snapchat", r"Snapchat/?([\d.]+)"),
        ("Google app", r"\bGSA/(\d+(?:\.\d+)*)"),
        ("Line", r" Line/([\d.]+)"),
        ("KakaoTalk", r"\bKAKAOTALK(?:[ /](\d+\.[\d.]+))?"),  # on Android a build, of seven digits
        ("Microsoft Teams", r"\bTeamsMobile-(?:iOS|Android)\b"),
        ("Naver", r"\bNAVER\(inapp; [^;]*; [^;]*; ([\d.]+)"),
        ("Pinterest", r"\[Pinterest/(?:iOS|Android)\]|\bPinterest for (?:iOS|Android)/([\d.]+)"),
        ("X", r"\bTwitter for iP(?:hone|ad)(?:/([\d.]+))?|\bTwitterAndroid\b"),
        ("Reddit", r"\bReddit/Version ([\d.]+)"),
        ("Slack", r"\bSlack/([\d.]+) \("),
        ("Baidu", r"\bbaiduboxapp/([\d.]+)"),
        ("Taobao", r"\bAliApp\(TB/([\d.]+)"),
        ("Amap", r"\bAliApp\(AMAP/([\d.]+)"),
        ("DingTalk", r"\bDingTalk/([\d.]+)"),
        ("Alipay", r"\bAlipayClient/([\d.]+)"),
        ("QQ", r" QQ/([\d.]+)"),
        ("Telegram", r"\bTelegram-(?:Android|iOS)/([\d.]+)"),
        ("Zalo", r"\bZalo (?:iOS|android)/([\d.]+)"),
    )
)
# None of the apps can be there without one of these, which spares most headers the patterns above.
SIGN = re.compile(
    r"FBA[NV]/|FB_IAB|Instagram|Barcelona|BytedanceWebview|musical_ly|trill_|aweme|MicroMessenger|LinkedInApp|"
    r"Snapchat|GSA/| Line/|KAKAOTALK|NAVER|Pinterest|Twitter|Reddit/|Slack/|baiduboxapp|DingTalk|Alipay|"
    r"TeamsMobile| QQ/|Telegram|Zalo|AliApp\("
)


def find(user_agent: str) -> tuple[str, str] | None:
    """Return (app, version), the version empty where the app does not tell it; None outside known apps."""
    if not SIGN.search(user_agent):
        return None
    for name, pattern in APPS:
        if match := pattern.search(user_agent):
            return name, next(filter(None, match.groups()), "")
    return None
