# ruff: noqa: E501 -- user agents are as long as they are
"""The truth about whole kinds of headers, two or more of each kind; docs/clients.md has the rules by the same numbers.

Names of apps are made up; the formats are those of the source beside each kind.
"""

from __future__ import annotations

import pytest

from sessions_ui.client import Client, client_info, parse_user_agent
from tests.sessions_ui.client.corpus import load

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS, MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
IPHONE = "iPhone; CPU iPhone OS 18_7 like Mac OS X"
WV = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/143.0.7499.100 Mobile Safari/537.36"

# (kind of client, maker, model, browser, its version, system, its version)
TRUTHS: dict[str, tuple[str, ...]] = {
    # 1. Another number told as the system's version. Nextcloud, Bitwarden and Podimo: "Name-iOS/version"; Apple: CFNetwork;
    # Android developers: android.os.Build.VERSION.SDK_INT.
    "Mozilla/5.0 (iOS) AcmeNotes-iOS/3.2.0": ("app", "", "", "AcmeNotes", "3.2", "iOS", ""),
    "AcmeNotes-Android/5.2.0": ("app", "", "", "AcmeNotes", "5.2", "Android", ""),
    "AcmeSync/12 CFNetwork/macOS/3860.300.31 Darwin/25.2.0": ("app", "", "", "AcmeSync", "12", "macOS", ""),
    "AcmeSync/12 CFNetwork/3860.300.31 Darwin/25.2.0": ("app", "", "", "AcmeSync", "12", "", ""),
    "AcmeNotes/1 okhttp/4.12.0 Android/19": ("app", "", "", "AcmeNotes", "1", "Android", ""),
    "AcmeNotes/1 okhttp/4.12.0 Android/8.1.0": ("app", "", "", "AcmeNotes", "1", "Android", "8.1"),
    "AcmePod/1.2 build 148/Android 29": ("app", "", "", "AcmePod", "1.2", "Android", ""),
    "AcmePod/iOS 1.1.11 (iPhone/16.5.1)": ("phone", "Apple", "iPhone", "", "", "iOS", ""),
    "Acme for iOS/3.1 (com.example.acme; build:3; iOS 16.3.1) Alamofire/4.8.2": ("app", "", "", "Acme", "3.1", "iOS", "16.3.1"),
    # 2. The word behind "Android 15" is no model. Bitwarden: "SDK 35; Model …"; WebKit of Android: the language.
    "AcmeChat/2.4 (Acme Phone 8; Android 15; PLAY; build 77)": ("app", "", "Acme Phone 8", "AcmeChat", "2.4", "Android", "15"),
    "AcmeVault/3.0 (Android 15; SDK 35; Model Acme 8)": ("app", "", "Acme 8", "AcmeVault", "3", "Android", "15"),
    "AcmeTalk/1.0.1 (Android 13; en_US)": ("app", "", "", "AcmeTalk", "1.0.1", "Android", "13"),
    "AcmeTalk/2.1.1 (Linux; Android 14; Build/UP1A.231005.007)": ("app", "", "", "AcmeTalk", "2.1.1", "Android", "14"),
    f"Mozilla/5.0 (Linux; arm_64; Android 15; SM-S938B) {CHROME} YaBrowser/25.8.3.97 Mobile Safari/537.36": ("phone", "Samsung", "SM-S938B", "Yandex Browser", "25.8.3.97", "Android", "15"),
    f"Mozilla/5.0 (Linux; Android 7.0; 5061 Build/NRD90M) {CHROME} Mobile Safari/537.36": ("phone", "", "5061", "Chrome", "142", "Android", "7"),
    f"Mozilla/5.0 (Linux; Android 11; moto g(30)) {CHROME} Mobile Safari/537.36": ("phone", "Motorola", "moto g(30)", "Chrome", "142", "Android", "11"),
    # 3. What a header is only like. UBports, Amazon, PocketBook, Samsung's Tizen.
    "Mozilla/5.0 (Linux; Ubuntu 24.04 like Android 9) AppleWebKit/537.36 Chrome/87.0.4280.144 Mobile Safari/537.36": ("phone", "", "", "", "", "Ubuntu Touch", "24.04"),
    "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+": ("tablet", "Amazon", "Kindle", "", "", "Kindle", ""),
    "Mozilla/5.0 (Linux like Android; en_US) AppleWebkit/538.1 PocketBook/641 (screen 758x1024; FW U641.5.18.72) Mobile": ("tablet", "PocketBook", "", "", "", "PocketBook", ""),
    "Mozilla/5.0 (Linux; U; Android 2.0; en-gb;) AppleWebKit/538.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/538.1 (Kobo Touch 0388/4.38.23171)": ("tablet", "Kobo", "Kobo Touch", "", "", "Kobo", ""),
    "Mozilla/5.0 (Linux; Tizen 2.2; SAMSUNG SM-Z9005) AppleWebKit/537.3 (KHTML, like Gecko) Version/2.2 like Android 4.1; Mobile Safari/537.3": ("phone", "Samsung", "SM-Z9005", "", "", "Tizen", "2.2"),
    f"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 640) {CHROME} Mobile Safari/537.36 Edge/14.14393": ("phone", "Nokia", "Lumia 640", "Edge", "14.14393", "Windows Phone", "10"),
    # 4. The engine, or the container, is not the product. Apple: WKWebView; Android developers: WebView; Qt; Valve.
    f"Mozilla/5.0 ({MAC}) {SAFARI} AcmeNotes/3.1": ("computer", "Apple", "Mac", "AcmeNotes", "3.1", "macOS", ""),
    f"Mozilla/5.0 ({MAC}) {SAFARI}": ("computer", "Apple", "Mac", "WebView", "", "macOS", ""),
    f"Mozilla/5.0 ({MAC}) {SAFARI} Version/26.1 Safari/605.1.15": ("computer", "Apple", "Mac", "Safari", "26.1", "macOS", ""),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} AcmeShop/7.3.1 (Android 14; SM-A556B)": ("phone", "Samsung", "SM-A556B", "AcmeShop", "7.3.1", "Android", "14"),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} Acme Ticket Shop/7.3.1": ("phone", "Samsung", "SM-A556B", "Acme Ticket Shop", "7.3.1", "Android", "14"),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV}": ("phone", "Samsung", "SM-A556B", "WebView", "", "Android", "14"),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Version/26.1 Mobile/15E148 AcmeShop/7.3.1 (com.acme.shop; build:9; iOS 26.1) Mobile/AcmeShop, like Safari": ("phone", "Apple", "iPhone", "AcmeShop", "7.3.1", "iOS", "26.1"),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) AcmePlayer 2.0.1 QtWebEngine/6.9.1 Chrome/130.0.6723.192 Safari/537.36": ("computer", "", "", "AcmePlayer", "2.0.1", "Linux", ""),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/6.9.1 Chrome/130.0.6723.192 Safari/537.36": ("computer", "", "", "WebView", "", "Linux", ""),
    "Mozilla/5.0 (Android 12; Mobile VR; rv:121.0) Gecko/121.0 Firefox/121.0": ("", "", "", "Firefox", "121", "Android", "12"),
    "Mozilla/5.0 (X11; Linux x86_64; Valve Steam Client/default/1741737356) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.183 Safari/537.36": ("computer", "", "", "Steam", "", "Linux", ""),
    f"Mozilla/5.0 ({WINDOWS}; rv:128.0) Gecko/20100101 Goanna/6.8 Firefox/128.0 Basilisk/20250930": ("computer", "", "", "Basilisk", "", "Windows", ""),
    f"Mozilla/5.0 ({WINDOWS}; rv:128.0) Gecko/20100101 Goanna/6.8 Firefox/128.0 PaleMoon/33.9.1": ("computer", "", "", "Pale Moon", "33.9.1", "Windows", ""),
    # 6. Programs that act for people. OpenAI, Anthropic, Perplexity, Mistral: pages on their fetchers; the agents' sources.
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; AcmeAgent-User/1.0; +https://acme.example/agent)": ("bot", "", "", "AcmeAgent-User", "1", "", ""),
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; AcmeAI-User/1.0; +https://acme.example/robots)": ("bot", "", "", "AcmeAI-User", "1", "", ""),
    "Claude-User (claude-code/2.0.1; +https://support.anthropic.com/)": ("bot", "", "", "Claude Code", "2.0.1", "", ""),
    "AcmeLinkChecker (+https://acme.example/bot.html)": ("bot", "", "", "AcmeLinkChecker", "", "", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36; compatible; AcmeBrowse-User/1.0; +https://acme.example/agent": ("bot", "", "", "AcmeBrowse-User", "1", "", ""),
    "acme-client/2.1 (+https://github.com/acme/client)": ("", "", "", "acme-client", "2.1", "", ""),
    "codex_cli_rs/0.46.0 (Mac OS 26.1.0; arm64) iTerm.app/3.6.5": ("tool", "Apple", "Mac", "Codex", "0.46", "macOS", "26.1"),
    "claude-cli/2.0.31 (external, cli)": ("tool", "", "", "Claude Code", "2.0.31", "", ""),
    f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36 Atlas/1.2": ("computer", "Apple", "Mac", "Atlas", "1.2", "macOS", ""),
    f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36 Acme/98.8.2.3": ("computer", "Apple", "Mac", "Chrome", "142", "macOS", ""),  # a disguise, another every day
    # 7. HbbTV (ETSI TS 102 796): (capabilities; maker; model; software; hardware; …)
    "Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2785.143 Safari/537.36 OPR/40.0.2207.0 OMI/4.9.0.237.DOM3.50 HbbTV/1.2.1 (; ACME; MB130; 1.2.3.0; _TV_G10_2017;)": ("tv", "ACME", "MB130", "Opera", "40.0.2207", "Linux", ""),
    "HbbTV/1.2.1 (;Panasonic;VIERA 2013;3.672;4101-0003 0002-0000;)": ("tv", "Panasonic", "VIERA 2013", "", "", "", ""),
    # 8. Kinds. Android developers: Dalvik; Amazon: Vega OS; Huawei: ArkWeb; Tesla; a proxy that lowers headers.
    "Dalvik/2.1.0 (Linux; U; Android 11; ACME Smart TV Build/RP1A.201005.001)": ("tv", "", "ACME Smart TV", "", "", "Android", "11"),
    "Dalvik/2.1.0 (Linux; U; Android 11; ACME Phone Build/RP1A.201005.001)": ("app", "", "ACME Phone", "", "", "Android", "11"),
    f"Mozilla/5.0 (Linux; Android 7.0; myA9 DTV) {CHROME} Mobile Safari/537.36": ("phone", "", "myA9 DTV", "Chrome", "142", "Android", "7"),
    f"Mozilla/5.0 (Linux; Android 4.4.2; KAZAM TV 45) {CHROME} Mobile Safari/537.36": ("", "", "KAZAM TV 45", "Chrome", "142", "Android", "4.4.2"),
    f"Mozilla/5.0 (Linux; Android 6.0.1; STV100-2) {CHROME} Mobile Safari/537.36": ("phone", "", "STV100-2", "Chrome", "142", "Android", "6.0.1"),
    "Mozilla/5.0 (Linux; Kepler 1.1; AFTCA002 user/77; wv) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Chrome/132.0.6834.100 Safari/537.36": ("tv", "Amazon", "AFTCA002", "WebView", "", "Vega OS", "1.1"),
    "Mozilla/5.0 (Tablet; OpenHarmony 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.47": ("tablet", "", "", "ArkWeb", "6.0.0.47", "OpenHarmony", "6"),
    "Mozilla/5.0 (PC; OpenHarmony 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.47": ("computer", "", "", "ArkWeb", "6.0.0.47", "OpenHarmony", "6"),
    "Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chromium/79.0.3945.130 Chrome/79.0.3945.130 Safari/537.36 Tesla QtCarBrowser": ("", "Tesla", "", "Tesla", "", "Linux", ""),
    "blackbox": ("", "", "", "", "", "", ""),
    "Nokia6100/1.0 (04.01) Profile/MIDP-1.0 Configuration/CLDC-1.0": ("phone", "Nokia", "6100", "Nokia Services (WAP) Browser", "", "", ""),
    "mozilla/5.0 (linux; android 14; pixel 8) applewebkit/537.36 (khtml, like gecko) chrome/142.0.0.0 mobile safari/537.36": ("phone", "Google", "Pixel 8", "Chrome", "142", "Android", "14"),
    "Acme TV/2.1 (Android 14; SM-S921B)": ("app", "Samsung", "SM-S921B", "Acme TV", "2.1", "Android", "14"),
    "ExampleTV/2.1 (Apple TV; tvOS 26.1; Scale/2.00)": ("tv", "Apple", "Apple TV", "ExampleTV", "2.1", "tvOS", "26.1"),
    # 11. Stated and real. Meta: FBSV; Chromium's ios/web/common/user_agent.mm writes the system's own version.
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Mobile/15E148 [FBAN/FBIOS;FBAV/550.0.0.28.106;FBDV/iPhone15,4;FBMD/iPhone;FBSN/iOS;FBSV/26.3;FBSS/3]": ("phone", "Apple", "iPhone15,4", "Facebook", "550.0.0.28.106", "iOS", "26.3"),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_0 like Mac OS X) {SAFARI} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1": ("phone", "Apple", "iPhone", "Chrome", "142.0.7444.77", "iOS", "18.6"),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Version/26.1 Mobile/15E148 Safari/604.1": ("phone", "Apple", "iPhone", "Safari", "26.1", "iOS", ""),
    # 13. Reported from outside, 2026-11: a word of an address, or of a sign, told as a robot's name. Google: its fetchers; Mastodon, Pleroma.
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 (compatible; Google-NotebookLM; +https://developers.google.com/crawling/docs/crawlers-fetchers/google-notebooklm)": ("bot", "", "", "Google-NotebookLM", "", "", ""),
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 (compatible; Google-GeminiNotebook; +https://developers.google.com/crawling/docs/google-gemininotebook)": ("bot", "", "", "Google-GeminiNotebook", "", "", ""),
    "Mozilla/5.0 (compatible; Google-Agent; +https://developers.google.com/crawling/docs/crawlers-fetchers/google-agent)": ("bot", "", "", "Google-Agent", "", "", ""),
    "Mozilla/5.0 (compatible; AcmeReader; +https://acme.example/crawling/docs)": ("bot", "", "", "AcmeReader", "", "", ""),
    "Acme_Search/1.0 110 (http://acme.example/acme-spider.asp)": ("bot", "", "", "Acme_Search", "1", "", ""),
    "Mozilla/5.0 (X11; Linux x86_64; +https://acme.example/) Bot": ("bot", "", "", "", "", "", ""),
    "Acme/3.1 (library; acme) Bot": ("bot", "", "", "Acme", "3.1", "", ""),
    "Mozilla/5.0 (see https://acme.example/spider-info)": ("bot", "", "", "", "", "", ""),
    "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.social/) Bot": ("bot", "", "", "Mastodon", "4.3.1", "", ""),
    "http.rb/5.2.0 (Mastodon/4.2.10; +https://mastodon.social/) Bot": ("bot", "", "", "Mastodon", "4.2.10", "", ""),
    "http.rb/5.2.0": ("tool", "", "", "http.rb", "5.2", "", ""),
    "Pleroma 2.6.2; https://example.social <admin@example.social>; Bot": ("bot", "", "", "Pleroma", "2.6.2", "", ""),
    "Mozilla/5.0 (compatible; GoogleOther)": ("bot", "", "", "GoogleOther", "", "", ""),
    "Google-Safety": ("bot", "", "", "Google-Safety", "", "", ""),
    "Google-NotebookLM": ("bot", "", "", "Google-NotebookLM", "", "", ""),
    "Google-Site-Verification/1.0": ("bot", "", "", "Google-Site-Verification", "1", "", ""),
    "Mediapartners-Google": ("bot", "", "", "Mediapartners-Google", "", "", ""),
    "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)": ("bot", "", "", "FeedFetcher-Google", "", "", ""),
    "meta-externalfetcher/1.1": ("bot", "", "", "meta-externalfetcher", "1.1", "", ""),
    f"Mozilla/5.0 (X11; Linux x86_64; Storebot-Google/1.0) {CHROME} Safari/537.36": ("bot", "", "", "Storebot-Google", "1", "", ""),
    # 14. Reported from outside, 2026-11: a browser, app or tool that has a name told by its engine, its package, or another's name.
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 360SE/15.3.1055.64": ("computer", "", "", "360 Secure Browser", "15.3.1055.64", "Windows", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 360EE": ("computer", "", "", "360 Extreme Browser", "", "Windows", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 2345Explorer/9.7.0.18837": ("computer", "", "", "2345 Explorer", "9.7.0.18837", "Windows", ""),
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Servo/0.0.1 Firefox/135.0": ("computer", "", "", "Servo", "0.0.1", "Linux", ""),
    "Lavf/60.16.100": ("tool", "", "", "Lavf", "60.16.100", "", ""),
    "Lavf58.76.100": ("tool", "", "", "Lavf", "58.76.100", "", ""),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) {SAFARI} Mobile/22B91 AliApp(TB/10.42.0) WindVane/8.7.2 1179x2556 WK": ("phone", "Apple", "iPhone", "Taobao", "10.42", "iOS", "18.1.1"),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} AliApp(AMAP/15.1) UCBS/2.11": ("phone", "Samsung", "SM-A556B", "Amap", "15.1", "Android", "14"),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} Html5Plus/1.0 (Immersed/32.0)": ("phone", "Samsung", "SM-A556B", "WebView", "", "Android", "14"),
    "com.zhiliaoapp.musically/2023706040 (Linux; U; Android 14; en_US; Pixel 7; Build/UP1A.231005.007; Cronet/TTNetVersion:1c651b66)": ("app", "Google", "Pixel 7", "TikTok", "", "Android", "14"),
    "com.example.acme/2023706040 (Linux; U; Android 14; en_US; Pixel 7; Build/UP1A.231005.007)": ("app", "Google", "Pixel 7", "com.example.acme", "2023706040", "Android", "14"),
    "GitHubCopilotChat/0.31.3": ("tool", "", "", "GitHubCopilotChat", "0.31.3", "", ""),
    "copilot/0.0.353 (linux v22.19.0) term/unknown": ("tool", "", "", "copilot", "0.0.353", "Linux", ""),
    "RooCode/3.28.15": ("tool", "", "", "RooCode", "3.28.15", "", ""),
    "Cline/3.32.6": ("tool", "", "", "Cline", "3.32.6", "", ""),
    "Zed/0.205.6 (macos; aarch64)": ("tool", "", "", "Zed", "0.205.6", "", ""),
    "Cursor/1.7.33 (darwin arm64)": ("tool", "", "", "Cursor", "1.7.33", "", ""),
    "gcloud/501.0.0 command/gcloud.auth": ("tool", "", "", "gcloud", "501", "", ""),
    "colly - https://github.com/gocolly/colly": ("tool", "", "", "colly", "", "", ""),
    # 15. Reported from outside, 2026-11: a model's number, a program's or a library's told as the version of something else.
    "server-bag [Watch OS,6.3,17U208,Watch2,3]": ("watch", "Apple", "Watch2,3", "", "", "watchOS", "6.3"),
    "server-bag [macOS,11.0,20A5354i,MacBookPro15,2]": ("computer", "", "", "", "", "macOS", "11"),
    "PTVApp-tvOS/24 CFNetwork/1220.1 Darwin/20.3.0": ("tv", "Apple", "Apple TV", "PTVApp-tvOS", "24", "tvOS", ""),
    "AcmeTV-tvOS/12 CFNetwork/1220.1 Darwin/20.3.0": ("tv", "Apple", "Apple TV", "AcmeTV-tvOS", "12", "tvOS", ""),
    "AcmeSync-watchOS/3 CFNetwork/1220.1 Darwin/20.3.0": ("watch", "Apple", "Apple Watch", "AcmeSync-watchOS", "3", "watchOS", ""),
    "AcmeSync/12 CFNetwork/tvOS/3860.300.31 Darwin/25.2.0": ("tv", "Apple", "Apple TV", "AcmeSync", "12", "tvOS", ""),
    "AcmePlayer/12 (tvOS 18.2)": ("tv", "Apple", "Apple TV", "AcmePlayer", "12", "tvOS", "18.2"),
    "BlackBerry9700/5.0.0.862 Profile/MIDP-2.1": ("phone", "BlackBerry", "9700", "BlackBerry", "", "BlackBerry OS", "5.0.0.862"),
    f"Mozilla/5.0 (Fuchsia) {CHROME} Safari/537.36 CrKey/1.56.500000": ("", "", "", "Chrome", "142", "Fuchsia", ""),
    # 16. Reported from outside, 2026-11: a tablet, or a phone, made of nothing. Models: the makers' build fingerprints.
    "MyApp/1.0 (Android)": ("app", "", "", "MyApp", "1", "Android", ""),
    "Acme_Mobile/2024.11.1 (Android)": ("app", "", "", "Acme_Mobile", "2024.11.1", "Android", ""),
    **{f"Mozilla/5.0 (Linux; Android 11; {model} Build/RTT1) {CHROME} Safari/537.36": ("tv", "", model, "Chrome", "142", "Android", "11")
       for model in ("Chromecast HD", "Freebox Player POP", "ADT-3", "onn. Full HD Streaming Device", "SEI804", "TPM191E", "QM163E", "X96Q", "BeyondTV3", "KM2")},
    f"Mozilla/5.0 (Linux; Android 11; Mi Box S) {CHROME} Safari/537.36": ("tv", "XiaoMi", "Mi Box S", "Chrome", "142", "Android", "11"),
    f"Mozilla/5.0 (Linux; Android 11; TPM191E Build/RTT1; wv) {WV}": ("tv", "", "TPM191E", "WebView", "", "Android", "11"),
    f"Mozilla/5.0 (Linux; Android 11; KM200 Build/RTT1) {CHROME} Safari/537.36": ("tablet", "", "KM200", "Chrome", "142", "Android", "11"),
    f"Mozilla/5.0 (X11; Linux aarch64) {CHROME} Safari/537.36 Sky_STB_ST412_2018/1.0.0 (Sky, EM150UK, )": ("tv", "", "", "Chrome", "142", "Linux", ""),
    # 18. Found 2026-12 in public fixtures: a robot, agent or test tool that drives a browser told as somebody's computer. Google: its fetchers; Cognition,
    # Amazon, Manus, Datadog, New Relic, Cloudflare: pages on their headers.
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google-Acme-Verification) Chrome/142.0.0.0 Safari/537.36": ("bot", "", "", "Google-Acme-Verification", "", "", ""),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; compatible; AcmeAgent/2.1) Chrome/142.0.0.0 Safari/537.36": ("bot", "", "", "AcmeAgent", "2.1", "", ""),
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36 (compatible; Acme-AMP)": ("bot", "", "", "Acme-AMP", "", "", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Edg/142.0.0.0 AcmeMonitor/1.0 (https://acme.example)": ("bot", "", "", "AcmeMonitor", "1", "", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 (+https://acme.example)": ("bot", "", "", "", "", "", ""),
    f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36; Devin/1.0; +devin.ai": ("bot", "", "", "Devin", "1", "", ""),
    f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36; Acme-User/1.0": ("bot", "", "", "Acme-User", "1", "", ""),
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 Agent-NovaAct/0.9": ("bot", "", "", "Agent-NovaAct", "0.9", "", ""),
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 DatadogSynthetics": ("bot", "", "", "DatadogSynthetics", "", "", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Playwright/1.40.0": ("bot", "", "", "Playwright", "1.40", "", ""),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome Safari/537.36": ("bot", "", "", "HeadlessChrome", "", "", ""),
    f"Mozilla/5.0 (X11; Linux x86_64; Acme https://acme.example/) {CHROME} Safari/537.36": ("bot", "", "", "Acme", "", "", ""),
    "AcmeFetch/0.5 +http://acme.example": ("bot", "", "", "AcmeFetch", "0.5", "", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 (Tab 1)": ("computer", "", "", "Chrome", "142", "Windows", ""),
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0; Acme Toolbar from: http://acme.example/)": ("computer", "", "", "Internet Explorer", "7", "Windows", ""),
    # 19. Found 2026-12: a WebView without "wv", and an app behind Safari on iOS, where no extension adds a name of its own.
    "Mozilla/5.0 (Linux; U; Android 14; zh-CN; 23116PN5BC Build/UKQ1.230804.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.6312.80 AcmeBrowser/7.1 Mobile Safari/537.36": ("phone", "", "23116PN5BC", "AcmeBrowser", "7.1", "Android", "14"),
    "Mozilla/5.0 (Linux; U; Android 14; zh-CN; 23116PN5BC Build/UKQ1.230804.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.6312.80 Quark/7.10.6.883 Mobile Safari/537.36": ("phone", "", "23116PN5BC", "Quark", "7.10.6.883", "Android", "14"),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 QuarkPC/4.2.5.390": ("computer", "", "", "Quark", "4.2.5.390", "Windows", ""),
    f"Mozilla/5.0 (Linux; arm_64; Android 15; SM-S938B) {CHROME} YaApp_Android/25.89.1/apad YaSearchBrowser/25.89.1/apad BroPP/1.0 SA/3 Mobile Safari/537.36": ("phone", "Samsung", "SM-S938B", "Yandex Browser", "25.89.1", "Android", "15"),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Version/26.1 Mobile/15E148 Safari/604.1 AcmeSearch/12.1.0": ("phone", "Apple", "iPhone", "AcmeSearch", "12.1", "iOS", ""),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} AcmeMobile/6.7.6 Mobile/15E148 Safari/605.1.15": ("phone", "Apple", "iPhone", "AcmeMobile", "6.7.6", "iOS", ""),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Mobile/15E148 TeamsMobile-iOS": ("phone", "Apple", "iPhone", "Microsoft Teams", "", "iOS", ""),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} Acme-ANDROID jp.co.example.acme/3.187.0": ("phone", "Samsung", "SM-A556B", "Acme-ANDROID", "3.187", "Android", "14"),
    f"Mozilla/5.0 (Linux; Android 14; SM-S921N Build/UP1A.231005.007; wv) {WV};KAKAOTALK 2511050": ("phone", "Samsung", "SM-S921N", "KakaoTalk", "", "Android", "14"),
    f"Mozilla/5.0 (Linux; Android 14; SM-S921N Build/UP1A.231005.007; wv) {WV} AcmeShare/20602004": ("phone", "Samsung", "SM-S921N", "AcmeShare", "", "Android", "14"),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Mobile/15E148 AcmeNews/5.2.1 (build 991; iPhone17,3) CFNetwork/3860": ("phone", "Apple", "iPhone17,3", "AcmeNews", "5.2.1", "iOS", ""),
    f"Mozilla/5.0 ({WINDOWS}; rv:149.0) Gecko/20100101 Firefox/149.0 Zotero/8.0": ("computer", "", "", "Zotero", "8", "Windows", ""),
    # 20. Found 2026-12: a system that ua-parser does not know told as another or as nothing, the build of a package as its version. Haiku, MorphOS, Jolla, Red Hat.
    "Mozilla/5.0 (X11; Haiku x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": ("computer", "", "", "Firefox", "128", "Haiku", ""),
    f"Mozilla/5.0 (Macintosh; Intel Haiku R1 x86) {SAFARI} WebPositive/1.2 Safari/605.1": ("computer", "", "", "WebPositive", "1.2", "Haiku", ""),
    "Mozilla/5.0 (Macintosh; PowerPC MorphOS 3.19; Odyssey Web Browser; rv:1.24) AppleWebKit/538.10 (KHTML, like Gecko) OWB/1.24 Safari/538.10": ("computer", "", "", "", "", "MorphOS", ""),
    "Mozilla/5.0 (X11; DragonFly x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": ("computer", "", "", "Firefox", "128", "DragonFly BSD", ""),
    "Mozilla/5.0 (Mobile; rv:91.0) Gecko/91.0 Firefox/91.0 SailfishBrowser/1.0": ("phone", "", "", "Sailfish Browser", "1", "Sailfish", ""),
    "Mozilla/5.0 (Sailfish 5.0; Mobile; rv:91.0) Gecko/91.0 Firefox/91.0 SailfishBrowser/1.0": ("phone", "", "", "Sailfish Browser", "1", "Sailfish", "5"),
    "Mozilla/5.0 (Windows IoT 10.0; Android 6.0.1; WebView/3.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Mobile Safari/537.36 Edge/18.17763": ("", "", "", "WebView", "", "Windows", ""),
    "Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.8.0.13pre) Gecko/20070717 Red Hat/1.0.9-4.el4 SeaMonkey/1.0.9": ("computer", "", "", "SeaMonkey", "1.0.9", "Red Hat", ""),
    # 21. Found 2026-12: phones as computers, tablets as phones, watches, speakers and cars as either. Microsoft, Amazon and Samsung: lists of models; Huawei, Lenovo: codes of tablets.
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows CE; IEMobile 8.12; MSIEMobile 6.0) acer_E100": ("phone", "", "", "Internet Explorer", "8.12", "Windows", ""),
    "Mozilla/5.0 (Windows NT 6.2; ARM; Trident/7.0; Touch; rv:11.0; WPDesktop; Lumia 535) like Gecko": ("phone", "Nokia", "Lumia 535", "Internet Explorer", "11", "Windows", ""),
    "Mozilla/5.0 (Windows NT 10.0; ARM; Lumia 650) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/46.0.2486.0 Safari/537.36 Edge/13.10586": ("phone", "Nokia", "Lumia 650", "Edge", "13.10586", "Windows", ""),
    f"Mozilla/5.0 (Linux; Android 12; Xiaomi Pad 5) {CHROME} Mobile Safari/537.36": ("tablet", "", "Xiaomi Pad 5", "Chrome", "142", "Android", "12"),
    f"Mozilla/5.0 (Linux; Android 13; SM-X710) {CHROME} Mobile Safari/537.36": ("tablet", "", "SM-X710", "Chrome", "142", "Android", "13"),
    f"Mozilla/5.0 (Linux; Android 13; TB310FU) {CHROME} Mobile Safari/537.36": ("tablet", "", "TB310FU", "Chrome", "142", "Android", "13"),
    f"Mozilla/5.0 (Linux; Android 15; Lenovo TB-X6C6F) {CHROME} Mobile Safari/537.36": ("tablet", "Lenovo", "Lenovo TB-X6C6F", "Chrome", "142", "Android", "15"),
    f"Mozilla/5.0 (Linux; Android 12; BAH3-W09) {CHROME} Mobile Safari/537.36": ("tablet", "", "BAH3-W09", "Chrome", "142", "Android", "12"),
    "Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; KFTT Build/IML74K) AppleWebKit/535.19 (KHTML, like Gecko) Silk/3.4 Mobile Safari/535.19": ("tablet", "Amazon", "KFTT", "Silk", "3.4", "Fire OS", ""),
    "Mozilla/5.0 (Tablet; rv:26.0) Gecko/26.0 Firefox/26.0": ("tablet", "", "", "Firefox", "26", "Firefox OS", "1.2"),
    f"Mozilla/5.0 (Linux; Android 9; HP Chromebook 13 G1) {CHROME} Safari/537.36": ("computer", "HP", "HP Chromebook 13 G1", "Chrome", "142", "Android", "9"),
    f"Mozilla/5.0 (Linux; Android 8.1.0; BNTV650) {CHROME} Safari/537.36": ("tablet", "", "BNTV650", "Chrome", "142", "Android", "8.1"),
    f"Mozilla/5.0 (Linux; Android 7.0; myT5 DTV) {CHROME} Safari/537.36": ("", "", "myT5 DTV", "Chrome", "142", "Android", "7"),
    f"Mozilla/5.0 (Linux; Android 7.1.1; ASUS ZenWatch 2 Build/NWD1) {CHROME} Mobile Safari/537.36": ("watch", "Asus", "ASUS ZenWatch 2", "Chrome", "142", "Android", "7.1.1"),
    "Mozilla/5.0 (Linux; Tizen 4.0; SAMSUNG SM-R500) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/2.0 Chrome/56.0.2924.0 Mobile Safari/537.36": ("watch", "Samsung", "SM-R500", "Samsung Internet", "2", "Tizen", "4"),
    "Mozilla/5.0 (Linux; Android 9; AEOTA) AppleWebKit/537.36 (KHTML, like Gecko) Silk/106.4.3 like Chrome/106.0.5249.190 Safari/537.36": ("", "Amazon", "AEOTA", "Silk", "106.4.3", "Fire OS", ""),
    "Mozilla/5.0 (Linux; Android 9; AFTLBT962E2) AppleWebKit/537.36 (KHTML, like Gecko) Silk/118.3.1 like Chrome/118.0.5993.155 Safari/537.36": ("", "Amazon", "AFTLBT962E2", "Silk", "118.3.1", "Fire OS", ""),
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 Tesla/feature-2025.20.8-109-8f941dcd0b": ("", "Tesla", "", "Tesla", "2025.20.8", "Linux", ""),
    f"Mozilla/5.0 (X11; Linux armv7l) {CHROME} Safari/537.36 CrKey/1.56.500000 DeviceType/SmartSpeaker": ("", "Google", "SmartSpeaker", "Chrome", "142", "Chromecast", ""),
    # 22. Found 2026-12: what else stands in a program's header told as its name or version. Apple's daemons; podcast apps.
    "iOS/26.2 (23C55) dataaccessd/1.0": ("app", "", "", "dataaccessd", "1", "iOS", "26.2"),
    "macOS/26.2 (25C56) CalendarAgent/1116": ("app", "", "", "CalendarAgent", "1116", "macOS", "26.2"),
    "AcmeNews/6.0.3 iPad14,4 iPadOS/17.5.1 CFNetwork/1494.0.7 Darwin/23.5.0": ("app", "Apple", "iPad14,4", "AcmeNews", "6.0.3", "iPadOS", "17.5.1"),
    "Acme 2 2.1.2/646 Like iTunes": ("", "", "", "Acme 2", "2.1.2", "", ""),
    f"Acme preview Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36": ("computer", "", "", "Chrome", "142", "Windows", ""),
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Excel 16.0.19426; Pro)": ("app", "", "", "Excel", "16.0.19426", "Windows", ""),
    "codex_vscode/0.5.40 (Windows 10.0.26100; x86_64) vscode/1.107.1": ("tool", "", "", "Codex", "0.5.40", "Windows", ""),
    f"Mozilla/5.0 (Linux; Android 7.0; M bot 54) {CHROME} Mobile Safari/537.36": ("phone", "", "M bot 54", "Chrome", "142", "Android", "7"),
    # 23. Found 2026-12: what names Android and no browser is no tablet; the name of an app that is not in Latin letters. Apple: CFNetwork.
    "Acme 16.11.0 / Android": ("app", "", "", "", "", "Android", ""),
    "AcmePlayer/acme.locked.38.0 (Linux;Android 5.1.1) ExoPlayerLib/1.5.9": ("app", "", "", "", "", "Android", "5.1.1"),
    "%E0%B8%9E%E0%B9%87%E0%B8%AD%E0%B8%94%E0%B8%84%E0%B8%B2%E0%B8%AA%E0%B8%97%E0%B9%8C/4022.300.6 CFNetwork/1333.0.4 Darwin/21.5.0": ("app", "", "", "พ็อดคาสท์", "4022.300.6", "", ""),
    "Подкасты/1520.39 CFNetwork/1206 Darwin/20.1.0": ("app", "", "", "Подкасты", "1520.39", "", ""),
    "Mozilla/5.0 (Linux; Android 7.1.1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 AcmeFocus/1.2.1 Chrome/59.0.3071.125": ("tablet", "", "", "AcmeFocus", "1.2.1", "Android", "7.1.1"),
    # 24. Found 2026-12: false names of a list, the engine after Android's, and what is only "like". ua-parser's notes; Huawei: ArkWeb; Feedly; Microsoft; Meta: Audience Network.
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Herring/97.1.8280.81": ("computer", "", "", "Chrome", "142", "Windows", ""),
    f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 OPR/127.0.0.0 Agency/98.8.8175.80": ("computer", "", "", "Opera", "127", "Windows", ""),
    "Mozilla/5.0 (PC; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/5.1.0.1 QQBrowser/20.0.1": ("computer", "", "", "QQ Browser", "20.0.1", "OpenHarmony", "5.1"),
    "Mozilla/5.0 (Phone; OpenHarmony 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.47 Mobile AcmeShop/7.3.1": ("phone", "", "", "AcmeShop", "7.3.1", "OpenHarmony", "6"),
    "Mozilla/5.0 (Wearable; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/5.1.0.1": ("watch", "", "", "ArkWeb", "5.1.0.1", "OpenHarmony", "5.1"),
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 10 subscribers; like FeedFetcher-Google)": ("bot", "", "", "Feedly", "1", "", ""),
    "Microsoft Outlook 16.104.25121423 (Mac OS X 26.2)": ("app", "Apple", "Mac", "Outlook", "16.104.25121423", "macOS", "26.2"),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B Build/UP1A.231005.007; wv) {WV} [FBAN/AudienceNetworkForAndroid;FBSN/Android;FBSV/14;FBAB/com.example;FBAV/3.2;FBBV/12]": ("phone", "Samsung", "SM-A556B", "WebView", "", "Android", "14"),
    "1Acme for Mac/81118012 (macOS 26.2)": ("app", "", "", "1Acme for Mac", "81118012", "macOS", "26.2"),
    # 25. Found 2026-12: a word of a browser's as the model, a model cut off, a maker that only a browser's header told, and apps
    # around Electron and WebKit. Meta, Huawei, Vivaldi and GNOME: their headers; Microsoft: Exchange ActiveSync.
    "Mozilla/5.0 (Phone; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36  ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.1.6.300": ("phone", "", "", "Huawei Browser", "5.1.6.300", "OpenHarmony", "5.1"),
    "Mozilla/5.0 (X11; Linux x86_64; Quest 3S) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/41.2.0.6.57 Chrome/138.0.7204.179 VR Safari/537.36": ("", "Meta", "Quest 3S", "Oculus Browser", "41.2", "Android", ""),
    f"Mozilla/5.0 (Linux; Android 14; SM-A556B; wv) {WV} MicroMessenger/8.0.62.2880(0x28003E3D)": ("phone", "Samsung", "SM-A556B", "WeChat", "8.0.62.2880", "Android", "14"),
    "AcmeChat/1.2025.294 (Android 16; SM-S938B; build 2529414)": ("app", "Samsung", "SM-S938B", "AcmeChat", "1.2025.294", "Android", "16"),
    "Acme Home/2025.11.1 (Android 16; Pixel 9)": ("app", "Google", "Pixel 9", "Acme Home", "2025.11.1", "Android", "16"),
    f"Mozilla/5.0 (Linux; Android 13; Pixel 7) {CHROME} Mobile Safari/537.36 Vivaldi/7.6.3797.63": ("phone", "Google", "Pixel 7", "Vivaldi", "7.6.3797", "Android", "13"),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15 Epiphany/605.1.15": ("computer", "", "", "Epiphany", "", "Linux", ""),
    f"Mozilla/5.0 ({MAC}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.7204.251 AcmeNotes/5.2.0 Electron/37.6.0 Safari/537.36": ("app", "Apple", "Mac", "AcmeNotes", "5.2", "macOS", ""),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Mobile/15E148 musical_ly_2024210040 JsSdk/2.0 NetType/WIFI ByteLocale/en Region/GB": ("phone", "Apple", "iPhone", "TikTok", "", "iOS", ""),
    f"Mozilla/5.0 ({IPHONE}) {SAFARI} Mobile/15E148 Pinterest for iOS/13.41 [iPhone14,7]": ("phone", "Apple", "iPhone14,7", "Pinterest", "13.41", "iOS", ""),
    "Apple-iPhone17C1/2301.450": ("app", "Apple", "iPhone", "Mail", "", "iOS", ""),
    "Nextcloud-android/3.34.0": ("app", "", "", "Nextcloud", "3.34", "Android", ""),
    "Mozilla/5.0 (iOS) Nextcloud-iOS/7.2.0": ("app", "", "", "Nextcloud", "7.2", "iOS", ""),
}  # fmt: skip

LIST = '"Chromium";v="142", "Not_A Brand";v="99", '
# With client hints: (user agent, brands and other hints, truth). Microsoft Edge documentation: WebView2; W3C draft UA-CH.
HINTED = [
    (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Edg/142.0.0.0",
     {"": LIST + '"Microsoft Edge";v="142", "Microsoft Edge WebView2";v="142"', "PLATFORM": '"Windows"', "PLATFORM_VERSION": '"19.0.0"'},
     ("computer", "", "", "WebView", "", "Windows", "11")),
    (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Edg/142.0.0.0",
     {"": LIST + '"Microsoft Edge";v="142"', "PLATFORM": '"Windows"', "PLATFORM_VERSION": '"19.0.0"'},
     ("computer", "", "", "Edge", "142", "Windows", "11")),
    (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
     {"": LIST + '"Google Chrome";v="142"', "PLATFORM": '"Android"', "PLATFORM_VERSION": '"14.0.0"', "MODEL": '"Acme Car"', "FORM_FACTORS": '"Automotive"'},
     ("", "", "Acme Car", "Chrome", "142", "Android", "14")),
    # Found 2026-12: Yandex' engine beside its browser, a brand within a brand, and a Mac that the hints say is none.
    (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36",
     {"": LIST + '"YaBrowser";v="25.12", "Yowser";v="2.5"', "PLATFORM": '"Windows"'},
     ("computer", "", "", "Yandex Browser", "25.12", "Windows", "")),
    (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36",
     {"": LIST + '"Acme\\" B";v="142"', "PLATFORM": '"Windows"'},
     ("computer", "", "", "Chromium", "142", "Windows", "")),
    (f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36",
     {"": LIST + '"Google Chrome";v="142"', "PLATFORM": '"Windows"', "PLATFORM_VERSION": '"19.0.0"'},
     ("computer", "", "", "Chrome", "142", "Windows", "11")),
    # Reported from outside, 2026-11: a desktop site of an Android. Its model may be that of a tablet.
    *((f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36",
       {"": LIST + '"Google Chrome";v="142"', "PLATFORM": '"Android"', "PLATFORM_VERSION": '"15.0.0"', "MODEL": f'"{model}"', "MOBILE": mobile},
       (kind, "", model, "Chrome", "142", "Android", "15"))
      for model, mobile, kind in (("Pixel 9", "?0", ""), ("Pixel 9", "?1", "phone"), ("SM-X710", "?0", "tablet"))),
]  # fmt: skip


@pytest.mark.parametrize(("header", "truth"), TRUTHS.items())
def test_a_header_says_what_is_so_and_no_more(header: str, truth: tuple[str, ...]) -> None:
    assert client_info({"HTTP_USER_AGENT": header}).client == Client(*truth)


@pytest.mark.parametrize(("header", "hints", "truth"), HINTED)
def test_hints_say_what_the_header_does_not(
    header: str, hints: dict[str, str], truth: tuple[str, ...]
) -> None:
    names = {f"HTTP_SEC_CH_UA{'_' if name else ''}{name}": value for name, value in hints.items()}
    assert client_info({"HTTP_USER_AGENT": header, **names}).client == Client(*truth)


def test_a_header_in_utf_8_is_read_as_such_though_wsgi_hands_it_over_as_latin_1() -> None:
    header = "Подкасты/1520.39 CFNetwork/1206 Darwin/20.1.0"
    handed_over = {"HTTP_USER_AGENT": header.encode().decode("latin-1")}
    info = client_info(handed_over)
    assert (info.user_agent, info.client) == (header, parse_user_agent(header))
    assert client_info({"HTTP_USER_AGENT": "Ach\xfcm/1"}).user_agent == "Ach\xfcm/1"  # Latin-1 indeed


@pytest.mark.parametrize(
    "header",
    [
        f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 15; SM-S938B) {CHROME} Mobile Safari/537.36",
        f"Mozilla/5.0 ({IPHONE}) {SAFARI} Version/26.1 Mobile/15E148 Safari/604.1",
    ],
)
def test_a_header_in_lower_case_says_the_same(header: str) -> None:
    lower, written = ({"HTTP_USER_AGENT": sent} for sent in (header.lower(), header))
    assert client_info(lower).client == client_info(written).client


LOWERED = {
    header
    for header in (*TRUTHS, *(entry.user_agent for entry in load() if not entry.hints))
    if header != header.lower()
}


@pytest.mark.parametrize(
    ("header", "truth"),
    [
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", ("phone", "", "", "Chrome", "142", "Android", "")),
        (f"Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7633.3445N; wv) {WV}", ("tv", "Amazon", "AFTKA", "WebView", "", "Fire OS", "")),
        (f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {CHROME} Safari/537.36", ("tablet", "", "KFTRWI", "Chrome", "142", "Fire OS", "")),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME.replace('Chrome', 'HeadlessChrome')} Safari/537.36", ("bot", "", "", "HeadlessChrome", "142", "", "")),
        ("Mozilla/5.0 (Mobile; A405DL; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", ("phone", "", "", "Firefox", "48", "KaiOS", "2.5")),
        ("WhatsApp/2.24.15.79 A", ("app", "", "", "WhatsApp", "2.24.15.79", "", "")),
    ],
)  # fmt: skip
def test_a_header_that_a_proxy_has_put_in_lower_case_is_read_as_it_was_sent(
    header: str, truth: tuple[str, ...]
) -> None:
    assert parse_user_agent(header.lower()) == Client(*truth)


def test_a_header_in_lower_case_never_says_anything_else_than_the_header_as_it_was_sent() -> None:
    """Silence is allowed: words that nobody knows the writing of are not restored."""
    assert len(LOWERED) > 1000
    differing = [
        (header, said, lower)
        for header in sorted(LOWERED)
        if _contradicts(lower := parse_user_agent(header.lower()), said := parse_user_agent(header))
    ]
    assert differing == []


def _contradicts(lower: Client, said: Client) -> bool:
    return (
        lower.kind not in ("", said.kind)
        or lower.system.lower() not in ("", said.system.lower())
        or lower.system_version not in ("", said.system_version)
        or (lower.browser == said.browser and lower.browser_version not in ("", said.browser_version))
    )
