/* The desk's page: draws phones from the desk's JSON and does with them what a thumb would do. */
"use strict";

const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const locale = language === "fa" ? "fa-IR-u-ca-persian" : "en-GB";
const $ = (selector, root = document) => root.querySelector(selector);
const NARROW = matchMedia("(max-width: 860px)");
const PHONES_AT_ONCE = 3;
const TROUBLE_SHOWS_MS = 8000;
// Which bot lies open first: that of the employers for whoever speaks for a workplace.
const BOT_OF = { employer: "employers", contact: "employers" };
const FIRST_TAB = { only_sms: "sms", only_mail: "mail" };
const phones = new Map(); // person's id -> Phone
let front = null; // the phone shown where there is room for one
let bots = [];

const say = (key, facts = {}) =>
  Object.entries(facts).reduce((text, [name, fact]) => text.replaceAll(`{${name}}`, fact), words[key] ?? key);
const number = (value) => new Intl.NumberFormat(language === "fa" ? "fa-IR" : "en-GB").format(value);
const digits = (text) => (language === "fa" ? text.replace(/[0-9]/g, (digit) => number(digit)) : text);
// The country's clock, wherever the browser is: the days that notices name are days of Tehran.
const timeZone = "Asia/Tehran";
const clock = (seconds) =>
  new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit" }).format(seconds * 1000);
const dayOf = (seconds) =>
  new Intl.DateTimeFormat(locale, { timeZone, weekday: "long", day: "numeric", month: "long" }).format(seconds * 1000);
const remembered = (key, fallback) => JSON.parse(localStorage.getItem(key) ?? JSON.stringify(fallback));
const remember = (key, value) => localStorage.setItem(key, JSON.stringify(value));

function make(tag, facts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, fact] of Object.entries(facts)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), fact);
    else if (name === "class") node.className = fact;
    else if (name.startsWith("aria-")) node.setAttribute(name, fact);
    else if (fact !== false && fact != null) node.setAttribute(name, fact === true ? "" : fact);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

async function ask(path, facts = {}) {
  const answer = await fetch(`${path}?${new URLSearchParams(facts)}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

/** Do something on the desk; what goes wrong is said in the strip above the phones. */
async function act(path, body, method = "POST") {
  const form = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    headers: form ? {} : { "Content-Type": "application/json" },
    body: method === "DELETE" ? undefined : form ? body : JSON.stringify(body),
  });
  const said = await answer.json();
  trouble(answer.ok ? "" : say("went_wrong", { why: said.error }));
  return said;
}

function trouble(text) {
  const strip = $("#trouble");
  strip.textContent = text;
  strip.hidden = !text;
  clearTimeout(trouble.soon);
  if (text) trouble.soon = setTimeout(() => trouble(""), TROUBLE_SHOWS_MS);
}

/** Whose bot it is, and on which messenger where that is not Telegram. */
function botName(bot) {
  const audience = words[`bot_${bot.audience}`] ?? bot.username;
  return bot.messenger === "telegram" ? audience : `${audience} · ${words[`messenger_${bot.messenger}`]}`;
}

function face(name, id) {
  const hue = [...id].reduce((sum, digit) => sum + Number(digit) * 37, 0) % 360;
  const node = make("span", { class: "face", "aria-hidden": "true" }, name.trim()[0]);
  node.style.setProperty("--hue", hue);
  return node;
}

/** Text with its entities as nodes; offsets are UTF-16 units, as JavaScript counts. */
function marked(text, entities = []) {
  const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "code" };
  const cuts = new Set([0, text.length]);
  entities.forEach((one) => cuts.add(one.offset).add(one.offset + one.length));
  const edges = [...cuts].sort((a, b) => a - b);
  return edges.slice(1).map((end, index) => {
    const start = edges[index];
    let node = document.createTextNode(text.slice(start, end));
    for (const one of entities) {
      if (one.offset > start || one.offset + one.length < end) continue;
      if (TAGS[one.type]) node = make(TAGS[one.type], {}, node);
      if (one.type === "text_link" && /^https?:/.test(one.url))
        node = make("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, node);
    }
    return node;
  });
}

class Phone {
  constructor(person) {
    this.person = person;
    this.seen = remembered(`seen-${person.id}`, {}); // what was seen under each tab, and of each bot
    this.last = {};
    this.tab = FIRST_TAB[person.hint] ?? (person.phone ? "chat" : "mail");
    const audience = BOT_OF[person.kinds[0]] ?? "people";
    this.bot = (bots.find((bot) => bot.audience === audience) ?? bots[0])?.name;
    this.group = false;
    this.letter = null;
    this.drawn = {};
    this.root = $("#phone").content.firstElementChild.cloneNode(true);
    this.root.id = `phone-${person.id}`;
    this.root.dataset.person = person.id;
    this.head();
    this.card();
    this.tabs();
    this.hands();
  }

  part(selector) {
    return $(selector, this.root);
  }

  head() {
    const { name, phone, email, id } = this.person;
    this.part(".face").replaceWith(face(name, id));
    this.part("h2").textContent = name;
    this.part("h2").id = `name-${id}`;
    this.root.setAttribute("aria-labelledby", `name-${id}`);
    this.part(".who small").textContent = phone ? digits(phone) : email;
    this.part(".close").setAttribute("aria-label", say("close_phone", { name }));
    this.part(".close").addEventListener("click", () => putAway(id));
  }

  card() {
    const { national_code, phone, email, facts, kinds, roles, family, hint } = this.person;
    const chip = (label, value, typed = value) =>
      make("li", {}, make("button",
        { type: "button", class: "chip", title: words.tap_to_type, onclick: () => this.type(typed) },
        make("span", {}, ...[label].flat()), make("b", { dir: "auto" }, value)));
    const rows = [chip(words.national_code, national_code)];
    for (const fact of facts) {
      const role = roles.find((one) => one.workshop_code === fact.workshop_code);
      const label = role
        ? [say("registered", { workshop: fact.workshop }), make("small", {}, `${words[role.role]} · ${role.city}`)]
        : words[fact.kind];
      const typed = fact.month?.replace("-", "/") ?? fact.words;
      rows.push(chip(label, language === "fa" ? fact.words : typed, typed));
    }
    if (email) rows.push(chip(words.email, email));
    const note = (text) => rows.push(make("li", {}, make("p", {}, text)));
    if (kinds.length) note(kindsOf(this.person));
    if (!facts.length) note(words.no_record);
    for (const one of family)
      note(say(`relation_${one.relation}`, { name: one.name, year: digits(one.born) }));
    if (!phone) note(words.no_phone);
    if (!email) note(words.no_email);
    this.part(".chips").append(...rows);
    this.part(".card").open = hint === "start" && !NARROW.matches;
  }

  tabs() {
    for (const name of ["chat", "sms", "mail"]) {
      const pane = this.part(`.pane.${name}`);
      const id = `${name}-${this.person.id}`;
      pane.id = `pane-${id}`;
      pane.setAttribute("aria-labelledby", `tab-${id}`);
      const label = make("span", {}, words[`tab_${name}`]);
      const badge = make("span", { class: "badge", hidden: true });
      this.part(".tabs").append(make("button", {
        type: "button", class: "tab", role: "tab", id: `tab-${id}`, "data-tab": name, "aria-controls": pane.id,
        onclick: () => this.show(name),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          const all = ["chat", "sms", "mail"];
          const turn = document.dir === "rtl" ? -step : step;
          this.show(all[(all.indexOf(name) + turn + 3) % 3], true);
        },
      }, label, badge));
    }
    this.part(".bots").replaceChildren(...(bots.length < 2 ? [] : bots).map((bot) => make("button", {
      type: "button", class: "plain", "data-bot": bot.name, onclick: () => this.turnTo(bot.name),
    }, botName(bot), make("span", { class: "badge", hidden: true }))));
    this.show(this.tab);
  }

  turnTo(name) {
    this.bot = name;
    this.drawn.chat = null;
    this.newest = null;
    this.refresh().then(() => this.bottom("chat"));
  }

  show(name, focus = false) {
    this.tab = name;
    for (const tab of this.root.querySelectorAll(".tab")) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      if (on && focus) tab.focus();
      this.part(`.pane.${tab.dataset.tab}`).hidden = !on;
    }
    this.badges();
    this.bottom(name);
  }

  badges() {
    if (!this.root.hidden && !document.hidden && (!NARROW.matches || front === this.person.id)) {
      const shown = this.tab === "chat" ? `chat-${this.bot}` : this.tab;
      this.seen[shown] = Math.max(this.seen[shown] ?? 0, this.last[shown] ?? 0);
      remember(`seen-${this.person.id}`, this.seen);
    }
    const fresh = (name) => Math.max(0, (this.last[name] ?? 0) - (this.seen[name] ?? 0));
    const count = (button, n) => {
      const badge = $(".badge", button);
      badge.hidden = !n;
      badge.textContent = number(n);
      badge.title = say("new", { n: number(n) });
    };
    for (const button of this.root.querySelectorAll("[data-bot]")) {
      button.setAttribute("aria-pressed", button.dataset.bot === this.bot);
      count(button, fresh(`chat-${button.dataset.bot}`));
    }
    const chats = bots.reduce((sum, bot) => sum + fresh(`chat-${bot.name}`), 0);
    for (const tab of this.root.querySelectorAll(".tab"))
      count(tab, tab.dataset.tab === "chat" ? chats : fresh(tab.dataset.tab));
  }

  bottom(name) {
    const scroll = this.part(`.${name} .scroll`);
    if (name !== "mail") scroll.scrollTop = scroll.scrollHeight;
  }

  type(text) {
    const pane = this.tab === "sms" ? ".sms" : ".chat";
    if (this.tab === "mail") this.show("chat");
    const field = this.part(`${pane} textarea`);
    field.value = text;
    field.focus();
  }

  hands() {
    const send = async (form, path, facts) => {
      const field = $("textarea", form);
      const text = field.value.trim();
      if (!text) return;
      field.value = "";
      const said = await act(path, { person: this.person.id, text, ...facts() });
      if (said.error) field.value = text;
      if (said.taken === false) trouble(words.sms_not_taken);
      field.focus();
    };
    for (const [pane, path, facts] of [
      [".chat", "/desk/say", () => ({ bot: this.bot })],
      [".sms", "/desk/sms", () => ({})],
    ]) {
      const form = this.part(`${pane} .composer`);
      form.addEventListener("submit", (event) => { event.preventDefault(); send(form, path, facts); });
      $("textarea", form).addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
      });
    }
    const file = this.part("input.file");
    file.addEventListener("change", async () => {
      const form = new FormData();
      form.append("person", this.person.id);
      form.append("bot", this.bot);
      form.append("file", file.files[0]);
      if (/^image\/(png|jpeg)$/.test(file.files[0].type)) form.append("photo", "true");
      await act("/desk/file", form);
      file.value = "";
    });
    this.part(".outcome select").addEventListener("change", (event) =>
      act("/desk/sms/outcome", { person: this.person.id, outcome: event.target.value }));
    this.part(".ring").addEventListener("click", async () => {
      const rung = await act("/desk/ring", { person: this.person.id });
      if (rung.taken === false) trouble(words.sms_not_taken);
    });
    this.part(".sms .composer").hidden = this.part(".outcome").hidden = !this.person.phone;
    this.attachments(false);
  }

  attachments(blocked) {
    const at = { person: this.person.id, bot: this.bot };
    const item = (label, name, deed) => make("button", {
      type: "button", onclick: () => { this.part(".attach").open = false; deed(); },
    }, make("span", {}, label), icon(name));
    this.part(".attach .pop-body").replaceChildren(
      this.person.phone ? item(words.share_contact, "person", () => act("/desk/contact", at)) : "",
      item(words.share_other, "person", () => otherCard(at)),
      item(words.share_location, "pin", () => place(at)),
      item(words.send_file, "file", () => this.part("input.file").click()),
      item(words.group, "chat", () => act("/desk/group", { ...at, text: words.group_text })),
      item(blocked ? words.unblock : words.block, "close", () => act("/desk/block", { ...at, blocked: !blocked })));
  }

  async refresh() {
    const person = this.person.id;
    const bot = this.bot;
    const [sms, mail, ...chats] = await Promise.all([
      ask("/desk/sms", { person }),
      ask("/desk/mail", { person }),
      ...bots.map((one) => ask("/desk/messages", { person, bot: one.name })),
    ]);
    if (bot !== this.bot) return; // Somebody turned to the other bot meanwhile, and that is being drawn.
    const chat = chats[bots.findIndex((one) => one.name === bot)] ?? null;
    const draw = (name, data, drawer) => {
      const print = JSON.stringify(data);
      if (this.drawn[name] === print) return;
      this.drawn[name] = print;
      const scroll = this.part(`.${name} .scroll`);
      const low = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
      drawer.call(this, data);
      if (low || data?.messages?.at(-1)?.mine) this.bottom(name);
    };
    draw("chat", chat, this.drawChat);
    draw("sms", sms, this.drawSms);
    draw("mail", mail, this.drawMail);
    const newest = chat?.messages.at(-1)?.message_id;
    if (newest !== this.newest) {
      // Whoever tapped a button further up looks for the answer, which comes last.
      if (this.tapped) this.bottom("chat");
      this.tapped = false;
      this.newest = newest;
    }
    const count = (all) => all.filter((one) => !one.mine).length;
    this.last = { sms: count(sms.sms), mail: count(mail.mail) };
    bots.forEach((one, place) => (this.last[`chat-${one.name}`] = count(chats[place].messages)));
    this.badges();
    clearTimeout(this.soon);
    if (chat?.typing) this.soon = setTimeout(() => this.refresh(), 1500);
  }

  drawChat(chat) {
    const scroll = this.part(".chat .scroll");
    if (!chat || !this.person.phone) {
      // An account at the messenger hangs on a mobile number.
      scroll.replaceChildren(make("div", { class: "empty" }, icon("chat"), chat ? words.no_phone : words.no_bot));
      this.part(".chat .composer").hidden = true;
      return;
    }
    const nodes = [];
    let day = "";
    for (const message of chat.messages) {
      if (dayOf(message.date) !== day) nodes.push(make("p", { class: "day" }, (day = dayOf(message.date))));
      nodes.push(this.message(message, chat.taps));
    }
    if (!nodes.length)
      nodes.push(make("div", { class: "empty" }, icon("chat"), make("p", {}, chat.description || words.chat_empty),
        make("button", { type: "button", class: "primary start",
          onclick: () => act("/desk/say", { person: this.person.id, bot: this.bot, text: "/start" }) }, words.start)));
    const toast = chat.taps.find((tap) => tap.answered && tap.text);
    if (toast && toast === chat.taps[0]) nodes.push(make("p", { class: "note", role: "status" }, toast.text));
    if (chat.blocked) nodes.push(make("p", { class: "note" }, words.blocked));
    scroll.replaceChildren(...nodes);
    this.part(".typing").textContent = chat.typing ? words.typing : "";
    this.part(".chat .keyboard").replaceChildren(...(chat.keyboard?.keyboard ?? []).map((row) =>
      make("div", {}, ...row.map((button) => this.replyKey(button)))));
    this.part(".chat textarea").placeholder = chat.keyboard?.input_field_placeholder ?? words.write;
    this.part(".commands").hidden = !chat.commands.length;
    this.part(".commands .pop-body").replaceChildren(...chat.commands.map((one) => make("button", {
      type: "button",
      onclick: () => {
        this.part(".commands").open = false;
        act("/desk/say", { person: this.person.id, bot: this.bot, text: `/${one.command}` });
      },
    }, make("span", {}, one.description), make("code", { dir: "ltr" }, `/${one.command}`))));
    this.attachments(chat.blocked);
  }

  message(message, taps) {
    const bubble = make("div", { class: "bubble" });
    const words_ = message.text ?? message.caption;
    const photo = message.photo?.at(-1);
    const thing = (name, label, href) => make(href ? "a" : "div", { class: "thing", href, download: Boolean(href) },
      icon(name), make("span", { dir: "auto" }, label));
    if (photo) bubble.append(make("img", { src: `/desk/file/${photo.file_id}`, alt: words.photo }));
    if (message.document)
      bubble.append(thing("file", message.document.file_name, `/desk/file/${message.document.file_id}`));
    if (message.contact)
      bubble.append(thing("person", `${message.contact.first_name} ${message.contact.last_name ?? ""} \u2068${message.contact.phone_number}\u2069`));
    if (message.location) {
      const { latitude, longitude } = message.location;
      const name = message.venue ? `${message.venue.title}\n${message.venue.address}` : `${latitude}, ${longitude}`;
      bubble.append(make("a", { class: "thing", href: `geo:${latitude},${longitude}` },
        icon("pin"), make("span", { dir: "auto" }, name)));
    }
    if (words_) bubble.append(make("div", { class: "text" }, ...marked(words_, message.entities ?? message.caption_entities)));
    const meta = [clock(message.date), message.edit_date ? words.edited : ""].filter(Boolean).join(" · ");
    bubble.append(make("span", { class: "meta" }, meta));
    const rows = message.reply_markup?.inline_keyboard;
    return make("div", { class: `message${message.mine ? " mine" : ""}`, "data-message": message.message_id }, bubble,
      rows && make("div", { class: "inline" }, ...rows.map((row) =>
        make("div", {}, ...row.map((button) => this.inlineKey(message, button, taps))))));
  }

  inlineKey(message, button, taps) {
    if (button.url)
      return make("a", { class: "key", dir: "auto", href: /^https?:/.test(button.url) ? button.url : null,
        target: "_blank", rel: "noopener noreferrer" }, button.text);
    const waits = taps.some((tap) => tap.message_id === message.message_id && !tap.answered);
    return make("button", {
      type: "button", class: `key${waits ? " waits" : ""}`, dir: "auto", "data-data": button.callback_data,
      title: waits ? words.waiting : null,
      onclick: () => {
        this.tapped = true;
        act("/desk/tap", { person: this.person.id, bot: this.bot,
          message_id: message.message_id, data: button.callback_data ?? "" });
      },
    }, button.text);
  }

  replyKey(button) {
    const at = { person: this.person.id, bot: this.bot };
    const deed = button.request_contact ? () => act("/desk/contact", at)
      : button.request_location ? () => place(at)
        : () => act("/desk/say", { ...at, text: button.text });
    return make("button", { type: "button", class: "key", dir: "auto", onclick: deed }, button.text);
  }

  drawSms({ sms, outcome }) {
    const scroll = this.part(".sms .scroll");
    this.part(".outcome select").value = outcome;
    scroll.replaceChildren(...sms.map((one) => make("div", { class: `message${one.mine ? " mine" : ""}` },
      make("div", { class: "bubble" }, make("div", { class: "text" }, one.text),
        make("span", { class: "meta" },
          [one.from ? `\u2068${number(one.from).replaceAll(/[٬,]/g, "")}\u2069` : "", clock(one.date),
            one.parts > 1 ? say("sms_parts", { n: number(one.parts) }) : ""].filter(Boolean).join(" · "))))));
    if (!sms.length)
      scroll.replaceChildren(make("div", { class: "empty" }, icon("sms"), this.person.phone ? words.sms_empty : words.no_phone));
  }

  drawMail({ mail }) {
    const pane = this.part(".mail");
    const scroll = $(".scroll", pane);
    const open = mail.find((one) => one.id === this.letter);
    pane.classList.toggle("reading", Boolean(open));
    if (open) return this.drawLetter(scroll, open);
    scroll.replaceChildren(...[...mail].reverse().map((one) => make("button", {
      type: "button", class: "letter", onclick: () => { this.letter = one.id; this.drawMail({ mail }); },
    }, make("b", { dir: "auto" }, one.subject || words.mail_no_subject),
    make("small", { dir: "auto" }, one.text.trim().split("\n").find(Boolean) ?? ""),
    make("small", {}, `${dayOf(one.date)} · ${clock(one.date)}`))));
    if (!mail.length)
      scroll.replaceChildren(make("div", { class: "empty" }, icon("mail"), this.person.email ? words.mail_empty : words.no_email));
  }

  drawLetter(scroll, letter) {
    const asText = this.plain || !letter.html;
    const again = () => { this.drawn.mail = ""; this.refresh(); };
    const flip = (plain) => make("button", {
      type: "button", class: "plain", "aria-pressed": asText === plain,
      onclick: () => { this.plain = plain; again(); },
    }, words[plain ? "mail_text" : "mail_html"]);
    scroll.replaceChildren(
      make("div", { class: "mail-head" },
        make("button", { type: "button", class: "round back", "aria-label": words.mail_back, title: words.mail_back,
          onclick: () => { this.letter = null; again(); } }, icon("back")),
        letter.html ? make("span", { class: "row" }, flip(false), flip(true)) : null),
      make("h3", { dir: "auto" }, letter.subject || words.mail_no_subject),
      make("p", { class: "quiet" }, `${words.mail_from} \u2068${letter.headers.From ?? letter.sender}\u2069 · ${clock(letter.date)}`),
      asText ? make("pre", { tabindex: "0" }, letter.text)
        : make("iframe", { src: `/desk/mail/${letter.id}/page`, sandbox: "", title: letter.subject }));
  }
}

/* Dialogs */

function modal(id, done) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && done(new FormData($("form", dialog))), { once: true });
  dialog.showModal();
  return dialog;
}

function place(at) {
  const dialog = modal("place", (form) =>
    act("/desk/location", { ...at, latitude: Number(form.get("latitude")), longitude: Number(form.get("longitude")) }));
  const fields = $("form", dialog).elements;
  fields.city.onchange = () => ([fields.latitude.value, fields.longitude.value] = fields.city.value.split(","));
}

async function otherCard(at) {
  const { people } = await ask("/desk/people", { limit: 20 });
  const others = people.filter((one) => one.id !== at.person && one.phone);
  $("#other select").replaceChildren(...others.map((one) => make("option", { value: one.id }, one.name)));
  modal("other", (form) => act("/desk/contact", { ...at, of: form.get("of") }));
}

const VALUE_OF = { slow: ["ms", 2000], error: ["status", 502], flood: ["retry_after", 5], limit: ["per_chat", 1] };

function faultForm() {
  const form = $("#fault-form");
  const { service, kind, value, times } = form.elements;
  const fit = () => {
    for (const option of kind.options)
      option.hidden = option.disabled = { double: ["mail", "bank"].includes(service.value), limit: service.value !== "telegram" }[option.value] ?? false;
    if (kind.selectedOptions[0]?.disabled) kind.value = "slow";
    const [name, usual] = VALUE_OF[kind.value] ?? [];
    $(".value", form).hidden = !name;
    $(".value span", form).textContent = words[`value_${name}`] ?? "";
    value.value = name === "status" && service.value === "mail" ? 451 : usual;
  };
  service.onchange = kind.onchange = fit;
  fit();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [name] = VALUE_OF[kind.value] ?? [];
    act("/desk/faults", { service: service.value, kind: kind.value,
      ...(name && { [name]: Number(value.value) }), ...(times.value && { times: Number(times.value) }) });
  });
}

async function drawFaults() {
  const { faults } = await ask("/desk/faults");
  $("#faults-count").hidden = !faults.length;
  $("#faults-count").textContent = number(faults.length);
  $("#faults-list").replaceChildren(...faults.map((one) => make("li", {},
    make("span", {}, `${words[`service_${one.service}`]} ${words[`kind_${one.kind}`]}`, " ",
      make("small", {}, one.times ? say("left", { n: number(one.times) }) : words.for_ever)),
    make("button", { type: "button", class: "plain", onclick: () => act(`/desk/faults/${one.id}`, {}, "DELETE") }, words.fault_remove))));
  if (!faults.length) $("#faults-list").replaceChildren(make("li", { class: "quiet" }, words.faults_none));
}

async function drawLog() {
  if (!$("#log").open) return;
  const { log } = await ask("/desk/log", { last: 100 });
  $("#log-list").replaceChildren(...log.reverse().map((line) => make("li", {},
    make("time", {}, clock(line.time)),
    make("span", { class: "what" }, `${words[`service_${line.service}`]} · `, make("bdi", {}, line.call), " · ",
      make("bdi", { dir: "ltr" }, line.address), line.accepted ? "" : make("em", {}, ` · ${words.log_refused}`)),
    line.text ? make("span", { class: "said" }, line.text) : null)));
  if (!log.length) $("#log-list").replaceChildren(make("li", { class: "quiet" }, words.log_empty));
}

/* People and their phones on the desk */

const kindsOf = (person) => person.kinds.map((kind) => words[`kind_of_${kind}`]).join(language === "fa" ? "، " : ", ");

function shelve() {
  const ids = [...phones.keys()];
  history.replaceState(null, "", `#${ids.join(",")}`);
  if (!phones.has(front)) front = ids[0] ?? null;
  for (const [id, phone] of phones) phone.root.classList.toggle("front", id === front);
  $("#shelf").hidden = phones.size < 2;
  $("#shelf").replaceChildren(...[...phones.values()].map((phone) => make("button", {
    type: "button", "aria-pressed": phone.person.id === front,
    onclick: () => { front = phone.person.id; shelve(); },
  }, phone.person.name)));
  for (const button of document.querySelectorAll(".person"))
    button.setAttribute("aria-pressed", phones.has(button.dataset.person));
  phones.get(front)?.badges();
}

function pickUp(person) {
  if (!phones.has(person.id)) {
    if (phones.size >= PHONES_AT_ONCE) putAway([...phones.keys()].at(-1));
    const phone = new Phone(person);
    phones.set(person.id, phone);
    $("#phones").append(phone.root);
    phone.refresh().then(() => phone.bottom(phone.tab));
  }
  front = person.id;
  shelve();
}

function putAway(id) {
  phones.get(id)?.root.remove();
  phones.delete(id);
  shelve();
}

async function drawPeople() {
  const { people, of } = await ask("/desk/people", { q: $("#search").value, kind: $("#kind").value, limit: 60 });
  $("#people-count").textContent = people.length ? say("people_of", { n: number(people.length), of: number(of) }) : words.nobody;
  $("#people-list").replaceChildren(...people.map((person) => make("li", {}, make("button", {
    type: "button", class: "person", "data-person": person.id, "aria-pressed": phones.has(person.id),
    onclick: () => { pickUp(person); openPeople(false); },
  }, face(person.name, person.id),
  make("span", {}, make("b", {}, person.name),
    person.hint ? make("small", { class: "hint" }, words[`hint_${person.hint}`])
      : make("small", {}, person.roles.map((role) => role.workshop).join("، ") || kindsOf(person) || words.no_record)),
  make("span", { class: "dots" }, ...["chat", "sms", "mail"].filter((name) => person.items[name]).map(icon))))));
  return people;
}

function openPeople(open) {
  $("#people").classList.toggle("open", open);
  $("#show-people").setAttribute("aria-expanded", open);
}

async function follow() {
  let count = -1;
  for (;;) {
    try {
      const { count: now } = await ask("/desk/changes", { since: count, wait: count < 0 ? 0 : 25 });
      trouble($("#trouble").textContent === words.offline ? "" : $("#trouble").textContent);
      if (now !== count) {
        count = now;
        await Promise.all([...[...phones.values()].map((phone) => phone.refresh()), drawFaults(), drawLog(), drawPeople()]);
        await new Promise((rest) => setTimeout(rest, 200)); // A busy desk is drawn five times a second, not more.
      }
    } catch {
      trouble(words.offline);
      await new Promise((rest) => setTimeout(rest, 1500));
    }
  }
}

async function begin() {
  for (const button of document.querySelectorAll("[data-open]"))
    button.addEventListener("click", () => { document.getElementById(button.dataset.open).showModal(); drawLog(); });
  for (const button of document.querySelectorAll("dialog .close"))
    button.addEventListener("click", () => button.closest("dialog").close());
  const welcome = $("#welcome");
  const welcomeShown = (shown) => { if (welcome) welcome.hidden = !shown; };
  welcomeShown(!remembered("welcomed", false));
  $("#welcome-done")?.addEventListener("click", () => { remember("welcomed", true); welcomeShown(false); });
  $("#show-welcome").addEventListener("click", () => { welcomeShown(true); scrollTo(0, 0); });
  $("#copy-command")?.addEventListener("click", async (event) => {
    await navigator.clipboard.writeText($("#command").textContent);
    event.target.textContent = words.copied;
  });
  $("#show-people").addEventListener("click", () => openPeople(!$("#people").classList.contains("open")));
  $("#faults-clear").addEventListener("click", () => act("/desk/faults", {}, "DELETE"));
  $("#reset").addEventListener("click", () => confirm(words.reset_sure) && act("/desk/reset", {}));
  $("#search").addEventListener("input", drawPeople);
  $("#kind").addEventListener("change", drawPeople);
  document.addEventListener("click", (event) => {
    for (const pop of document.querySelectorAll(".pop[open]")) if (!pop.contains(event.target)) pop.open = false;
  });
  $("#other-language").addEventListener("click", (event) => { event.target.hash = location.hash; });
  document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.badges()));
  faultForm();
  bots = (await ask("/desk/bots")).bots;
  const people = await drawPeople();
  const wanted = location.hash.slice(1).split(",").filter(Boolean);
  const opened = wanted.length
    ? (await Promise.all(wanted.map((id) => ask("/desk/people", { q: id, limit: 1 })))).flatMap((found) => found.people)
    : people.slice(0, PHONES_AT_ONCE);
  opened.forEach(pickUp);
  front = opened[0]?.id ?? null;
  shelve();
  follow();
}

begin();
