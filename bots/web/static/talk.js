/* Spares the reader a new page for each line. Without it everything works all the same. */
"use strict";

const talk = document.getElementById("talk");
const waiting = document.getElementById("waiting");
const wanted = document.getElementById("wanted");
const text = document.getElementById("text");
const SOON_MS = 1000;
const LATER_MS = 15000;
let sending = false;

const keyOf = (message) => message.dataset.id;

/** Take over what a page of ours shows; only what is new is added, so that only it is read aloud. */
function show(page, { focus }) {
  const fresh = page.getElementById("talk");
  if (!fresh) return location.reload(); // The talk is closed: its page says so.
  const known = new Map([...talk.children].map((one) => [keyOf(one), one]));
  let first = null;
  for (const one of [...fresh.children]) {
    const old = known.get(keyOf(one));
    if (old) {
      // Its words were read already, and whoever stands on one of its buttons stays there.
      old.id = one.id;
      if (!one.querySelector("form")) old.querySelector("form")?.remove();
      continue;
    }
    talk.append(one);
    if (!one.classList.contains("mine")) first ??= one;
  }
  waiting.textContent = page.getElementById("waiting").textContent;
  if (first) wanted.replaceChildren(...page.getElementById("wanted").children);
  for (const field of document.querySelectorAll("input[name=line], input[name=form]")) {
    const theirs = page.querySelector(`#composer input[name=${field.name}]`);
    if (theirs) field.value = theirs.value;
  }
  offerPlace();
  if (first) {
    first.scrollIntoView({ block: "nearest" });
    // Whoever pressed a button that is gone now stands at the answer.
    if (focus && document.activeElement === document.body) {
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    }
  }
}

async function load(address, options) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.action.endsWith("/leave")) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  const given = new FormData(form);
  const fields = form.enctype === "multipart/form-data" ? given : new URLSearchParams(given);
  const { name, value } = event.submitter ?? {};
  if (name) fields.set(name, value);
  try {
    const page = await load(form.action, { method: "POST", body: fields });
    const trouble = page.querySelector(".trouble");
    if (trouble) {
      document.querySelector(".trouble")?.remove();
      talk.before(trouble);
    } else {
      document.querySelector(".trouble")?.remove();
      if (form.id === "composer") text.value = "";
    }
    show(page, { focus: true });
  } catch {
    // As without a script: the browser itself says what is wrong with the line.
    if (name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  } finally {
    sending = false;
    soon();
  }
});

/** A place is offered only where the browser can tell it; a town can be written anyhow. */
function offerPlace() {
  const form = document.getElementById("here");
  if (!form || !navigator.geolocation) return;
  form.hidden = false;
  form.querySelector("button").onclick = (event) => {
    event.preventDefault();
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.place.value = `${coords.latitude} ${coords.longitude}`;
        form.requestSubmit();
      },
      () => text.focus(),
    );
  };
}

let timer = 0;
function soon() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (!document.hidden && !sending)
      try {
        show(await load(location.pathname + location.search, {}), { focus: true });
      } catch {
        // The next look may find it.
      }
    soon();
  }, waiting.textContent ? SOON_MS : LATER_MS);
}

offerPlace();
soon();
