"use strict";
// A page that is left open: it warns before the session ends, and is taken off the screen when it
// has. What was typed waits, out of the page, until the same user has signed in again.
(function () {
  const said = document.currentScript.dataset;
  const hour = 3600000, second = 1000;
  let until = Date.now() + said.left * second;
  const warning = Math.min(120, said.left / 3) * second;
  const noted = Math.min(60, said.left / 10) * second;
  let used = Date.now(), asked = Date.now(), ended = false, asking = false, kept = null;
  const came = performance.getEntriesByType("navigation")[0];
  let typed = Boolean(came && came.responseStatus >= 400);  // a form that was sent, and came back

  function make(name, words, more) {
    const one = Object.assign(document.createElement(name), more);
    one.textContent = words;
    return one;
  }

  // --- what the server says -------------------------------------------------------------------

  function token() {
    const one = document.querySelector("input[name=csrfmiddlewaretoken]");
    return one ? one.value : "";
  }

  async function ask(method) {
    asked = Date.now();
    try {
      const came = await fetch(said.session, {
        method: method, headers: {"X-CSRFToken": token()}, credentials: "same-origin", redirect: "error",
      });
      return came.ok ? await came.json() : null;
    } catch (error) {
      return null;  // without a server nothing can be shown to be still allowed
    }
  }

  async function check() {
    if (asking) return;
    asking = true;
    const answer = await ask("GET");
    asking = false;
    const mine = answer && answer.left > 0 && answer.user === said.user;
    if (mine) until = Date.now() + answer.left * second;
    if (ended && mine) restore(answer.token);
    else if (ended && answer && answer.left > 0) leave();
    else if (!ended && !mine && (answer || Date.now() >= until)) end();
  }

  async function stay() {
    used = Date.now();
    await ask("POST");
    await check();
    unwarn();
  }

  // --- the warning ------------------------------------------------------------------------------

  const box = make("dialog", "");
  const left = make("strong", "", {role: "timer"});
  const title = make("h2", said.soon, {id: "staying-title"});
  const why = make("p", said.why + " ");
  const button = make("button", said.stay, {type: "button"});
  box.setAttribute("aria-labelledby", "staying-title");
  why.append(left);
  box.append(title, why, button);
  box.addEventListener("cancel", stay);  // the key for leaving it
  button.addEventListener("click", function () {
    box.close();
    stay();
  });

  function warn(rest) {
    const seconds = Math.max(0, Math.ceil(rest / second));
    left.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    if (box.open) return;
    document.body.append(box);
    box.showModal();
  }

  function unwarn() {
    if (!box.isConnected) return;
    box.close();
    box.remove();
  }

  // --- the end ----------------------------------------------------------------------------------

  function end() {
    ended = true;
    unwarn();
    const here = location.pathname + location.search;
    if (!typed) {
      document.body.replaceChildren();
      location.replace(said.signIn + "?ended=1&next=" + encodeURIComponent(here));
      return;
    }
    kept = {title: document.title, parts: Array.from(document.body.childNodes), until: Date.now() + hour};
    document.title = said.ended;
    document.body.replaceChildren(notice());
  }

  function notice() {
    const main = make("main", "", {id: "main"});
    const link = make("a", said.again, {href: said.signIn, target: "_blank", rel: "noopener"});
    const on = make("button", said.on, {type: "button"});
    const places = make("p", "");
    on.addEventListener("click", check);
    places.append(link, " ", on);
    main.append(make("h1", said.ended), make("p", said.kept), places);
    return main;
  }

  function restore(token) {
    if (!kept) return leave();
    document.body.replaceChildren(...kept.parts);
    document.title = kept.title;
    for (const one of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) one.value = token;
    kept = null;
    ended = false;
    used = Date.now();
  }

  function leave() {
    kept = null;
    location.replace("/");
  }

  // --- what happens on the page -------------------------------------------------------------------

  setInterval(function () {
    const now = Date.now();
    if (ended) {
      if (kept && now > kept.until) kept = null;
    } else if (now >= until) check();
    else if (until - now <= warning) {
      if (box.open || now - asked < noted) warn(until - now);
      else check().then(function () { if (!ended && until - Date.now() <= warning) warn(until - Date.now()); });
    } else if (box.open) unwarn();
  }, second);

  // Whoever types or points uses the session, though nothing is sent yet.
  for (const kind of ["input", "keydown", "pointerdown"]) {
    document.addEventListener(kind, function (event) {
      if (kind === "input" && event.target.closest("form.act")) typed = true;
      if (ended || box.open) return;
      if (Date.now() >= until) check();
      else if (Date.now() - used > noted) stay();
    }, true);
  }
  document.addEventListener("submit", function (event) {
    if (ended || Date.now() >= until) {
      event.preventDefault();
      event.stopImmediatePropagation();
      check();
    }
  }, true);
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && (ended || Date.now() - asked > noted)) check();
  });
  window.addEventListener("pageshow", function (event) { if (event.persisted) check(); });
  window.addEventListener("focus", function () { if (ended) check(); });
})();
