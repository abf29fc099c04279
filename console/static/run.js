// Keeps the page of a run up to date without reloading it, so that focus and reading position stay where they are.
// Every part with an id and `data-part` is replaced when it has changed; a part that is announced says so itself
// (aria-live). Without scripts, the page reloads instead.
"use strict";

const PARTS = "[data-part]";

function secondsLeft(page) {
  return Number(page.getElementById("run")?.dataset.refresh || 0);
}

function replace(part, fresh) {
  const focused = document.activeElement;
  const held = part.contains(focused) ? focused.id || part.id : null;
  part.replaceChildren(...fresh.cloneNode(true).childNodes);
  if (held) (document.getElementById(held) || part).focus({ preventScroll: true });
}

async function update() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected || answer.status === 401 || answer.status === 404) {
    location.reload(); // logged out, or the run is gone
    return 0;
  }
  if (!answer.ok) return secondsLeft(document); // Prefect or the console is away: look again
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll(PARTS)) {
    const now = fresh.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML) replace(part, now);
  }
  return secondsLeft(fresh);
}

async function keepUp(seconds) {
  while (seconds > 0) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    seconds = await update().catch(() => seconds);
  }
}

keepUp(secondsLeft(document));
