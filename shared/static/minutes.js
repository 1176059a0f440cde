// Minutes and agenda, saved while they are typed, with a preview. Without this file the buttons of the page do it.
"use strict";

const work = document.querySelector("form.work");
const PAUSE = 1500; // ms without a key before a text is saved
const AGAIN = 5000; // ms before the next try when the server is out of reach
const bytes = (text) => new TextEncoder().encode(text).length;
let dirty = false;
const flights = new Set(); // saves under way

for (const area of work.querySelectorAll("textarea[data-part]")) {
  const part = area.dataset.part;
  const said = work.querySelector(`[data-said="${part === "agenda" ? "text" : part}"]`) || work.querySelector("[data-said]");
  const preview = work.querySelector(`[data-preview="${part}"]`);
  const version = work.querySelector(`[data-version="${part}"]`);
  const most = Number(area.dataset.most);
  let timer, busy = false, stopped = false, kept = area.value;

  const say = (words) => {
    said.textContent = words;
  };

  const save = () => {
    const flight = saving().finally(() => flights.delete(flight));
    flights.add(flight);
  };

  const saving = async () => {
    if (busy || stopped || area.value === kept) return;
    const sent = area.value;
    if (bytes(sent) > most) {
      say(`Not saved: this is ${bytes(sent).toLocaleString("en")} bytes long, and at most ${most.toLocaleString("en")} are taken.`);
      return;
    }
    busy = true;
    let next = 0;
    try {
      const body = new FormData();
      body.set("part", part);
      body.set("version", version.value);
      body.set("text", sent);
      const response = await fetch(work.dataset.save, { method: "POST", body });
      if (!response.ok) throw new Error(String(response.status));
      next = take(await response.json(), sent);
    } catch {
      say("Not saved: the server does not answer. Trying again; keep this page open.");
      next = AGAIN;
    }
    busy = false;
    dirty = area.value !== kept;
    if (next || dirty) later(next || PAUSE);
  };

  const take = (answer, sent) => {
    if (answer.state === "refused") {
      say(`Not saved. ${answer.words}`);
      kept = sent; // until it is changed
    } else if (answer.state === "conflict" || answer.state === "published") {
      stopped = true;
      say(
        answer.state === "conflict"
          ? "Not saved: somebody changed the same lines. Press Save to see both."
          : "Not saved: the minutes were published meanwhile. Press Save to correct them.",
      );
    } else {
      kept = sent;
      version.value = answer.sent;
      if (answer.state === "merged" && area.value === sent) {
        const at = area.selectionStart;
        area.value = kept = answer.text;
        area.setSelectionRange(at, at);
        version.value = answer.version;
      }
      const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      say(answer.state === "merged" ? `Saved at ${time}, with what somebody else wrote.` : `Saved at ${time}.`);
      if (preview) preview.innerHTML = answer.html;
    }
    return 0;
  };

  const later = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  };

  area.addEventListener("input", () => {
    dirty = true;
    if (part === "corrected") return; // published: saved by its button alone
    if (!stopped) say("Not saved yet.");
    later(PAUSE);
  });

  // What is too long is not sent, so that nothing is lost.
  work.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (bytes(area.value) > most) {
      event.preventDefault();
      say(`Nothing was sent: this is ${bytes(area.value).toLocaleString("en")} bytes long, and at most ${most.toLocaleString("en")} are taken. Shorten it; nothing you typed is lost.`);
      area.focus();
    }
  });
}

// A save that is under way ends first: the form says on which version it is based.
work.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (flights.size) {
    event.preventDefault();
    const pressed = event.submitter;
    Promise.allSettled(flights).then(() => work.requestSubmit(pressed));
    return;
  }
  dirty = false;
});
window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});
