// Optional, for a sign-in page. Safari on an iPad asks for desktop sites with the very header of a Mac; only a script can
// tell, since no Mac is touched with several fingers. The cookie says that much, until the browser is closed.
if (navigator.maxTouchPoints > 1 && navigator.userAgent.includes("Macintosh")) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `sessions_ui_touch=1; Path=/; SameSite=Lax${secure}`;
}
