"use strict";
// What changes is fetched again as the page it is, and the regions that differ are put in the place of the old ones; never
// the one that somebody is in the middle of. Nothing here writes anywhere but on the screen.
(() => {
  const html = window.trustedTypes
    ? trustedTypes.createPolicy("live", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const forms = {
    full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
    clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
    day: { day: "numeric", month: "short", year: "numeric" },
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  // Times in the reader's own zone; the exact one stays in `datetime` and in the title.
  const local = (root) => {
    if (zone === "UTC") return;
    for (const word of root.querySelectorAll(".utc")) word.hidden = true;
    for (const time of root.querySelectorAll("time[data-form]")) {
      const at = new Date(time.dateTime);
      time.title = time.dateTime;
      time.textContent = at.toLocaleString("en-GB", { ...forms[time.dataset.form], hourCycle: "h23" });
    }
  };

  const busy = (region) => {
    const at = document.activeElement;
    if (at && at !== document.body && region.contains(at)) return true;
    return [...region.querySelectorAll("details[open]")].length > 0;
  };

  const swap = (text) => {
    const fresh = new DOMParser().parseFromString(html.createHTML(text), "text/html");
    for (const region of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(region.id);
      if (!next || busy(region)) continue;
      const arrived = document.importNode(next, true);
      local(arrived);
      if (arrived.isEqualNode(region)) continue;
      region.replaceWith(arrived);
    }
  };

  let waiting = 0;
  const look = () => {
    if (waiting) return;
    waiting = setTimeout(async () => {
      waiting = 0;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (answer.ok) swap(await answer.text());
      } catch { /* the stream tells when it is back */ }
    }, 250);
  };

  let stream;
  let after = document.body.dataset.after;
  const listen = () => {
    if (stream || !document.querySelector("[data-live]")) return;
    stream = new EventSource(after ? `/v1/events?after=${after}` : "/v1/events");
    stream.onmessage = (event) => { after = event.lastEventId; look(); };
    stream.addEventListener("ticks", look);
  };
  const leave = () => { if (stream) { stream.close(); stream = undefined; } };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leave(); else { listen(); look(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
    const filter = document.querySelector("input[type=search]");
    if (filter) { event.preventDefault(); filter.focus(); }
  });
  local(document);
  if (!document.hidden) listen();
})();
