"use strict";
// The few things that a page does by itself. Everything works without: forms are sent, pages drawn.
(function () {
  // htmx sends the token of the form that Django asks for.
  document.addEventListener("htmx:configRequest", function (event) {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (token) event.detail.headers["X-CSRFToken"] = token.value;
  });

  // A countdown: <time data-until="ISO time">; the words stay for readers, the figures go on.
  function count() {
    for (const place of document.querySelectorAll("[data-until]")) {
      const left = Math.round((new Date(place.dataset.until) - Date.now()) / 1000);
      const size = Math.abs(left);
      const hours = Math.floor(size / 3600), minutes = Math.floor(size / 60) % 60;
      place.textContent = (left < 0 ? "−" : "") + hours + ":" + String(minutes).padStart(2, "0") +
        (size < 3600 * 6 ? ":" + String(size % 60).padStart(2, "0") : "");
      place.classList.toggle("late", left < 0);
    }
  }
  count();
  if (document.querySelector("[data-until]")) setInterval(count, 1000);

  // A slider shows its value while it is moved.
  document.addEventListener("input", function (event) {
    const shown = event.target.dataset && document.getElementById(event.target.dataset.output || "");
    if (shown) shown.textContent = event.target.value;
  });

  // What was typed is not lost by leaving the page unawares.
  let touched = false;
  document.addEventListener("input", function (event) {
    if (event.target.closest("form.act")) touched = true;
  });
  // A day or time that is typed in part reaches the server as nothing: it is completed or cleared first.
  document.addEventListener("submit", function (event) {
    const partial = Array.from(event.target.querySelectorAll("input")).find(one => one.validity.badInput);
    if (partial) {
      event.preventDefault();
      partial.reportValidity();
    } else touched = false;
  });
  window.addEventListener("beforeunload", function (event) {
    if (touched) event.preventDefault();
  });

  // Where the device is dark and nothing was chosen, the button offers light.
  const theme = document.querySelector("[data-light]");
  if (theme && matchMedia("(prefers-color-scheme: dark)").matches) {
    theme.value = "light";
    theme.textContent = theme.dataset.light;
  }

  // On a narrow screen the areas are a strip: the present one is brought into sight.
  const here = document.querySelector(".areas [aria-current]");
  if (here) {
    const strip = here.closest("ul");
    strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }

  for (const box of document.querySelectorAll("[data-print]")) {
    box.hidden = false;
    box.addEventListener("click", function () { window.print(); });
  }
  for (const box of document.querySelectorAll("[data-show-password]")) {
    box.addEventListener("change", function () {
      for (const input of box.form.querySelectorAll("[data-password]")) {
        input.type = box.checked ? "text" : "password";
      }
    });
  }
})();
