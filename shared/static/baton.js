// Small comforts. Every page works without this file.
"use strict";

// The time zone of the browser is a better guess than the program's.
for (const select of document.querySelectorAll("select[data-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
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
