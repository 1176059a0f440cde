// Small comforts. Every page works without this file.
"use strict";

// The time zone of the browser is a better guess than the program's.
for (const select of document.querySelectorAll("select[data-zone]")) {
  const said = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = JSON.parse(select.dataset.zone || "{}")[said] || said; // browsers keep names that zones had long ago
  if (select.value !== "" || !zone) continue;
  if (![...select.options].some((option) => option.value === zone)) {
    select.add(new Option(zone.replaceAll("_", " "), zone), 1);
  }
  select.value = zone;
}

// After an error the reader starts at the list of what to mend.
const errors = document.querySelector(".errors");
if (errors) errors.focus();

// Snippets to copy.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

// A file that is too large is said so before it is sent.
for (const input of document.querySelectorAll("input[data-most]")) {
  const words = input.form.querySelector("[data-too-large]");
  const look = () => {
    words.hidden = !input.files[0] || input.files[0].size <= input.dataset.most * 2 ** 20;
    return words.hidden;
  };
  input.addEventListener("change", look);
  input.form.addEventListener("submit", (event) => look() || event.preventDefault());
}

// Work that goes on is looked at again, without loading the page.
const live = document.querySelector("[data-live]");
const look = async () => {
  if (live.dataset.live !== "yes") return;
  try {
    const answer = await fetch(location.pathname);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(live.id);
    if (answer.ok && fresh) {
      live.replaceChildren(...fresh.childNodes);
      live.dataset.live = fresh.dataset.live;
    }
  } catch {
    // Asked again below.
  }
  setTimeout(look, 1000);
};
if (live) setTimeout(look, 1000);
