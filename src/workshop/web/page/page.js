// The page beside the terminal. It shows the state that the desk tells, and asks the desk to act; it decides nothing.
// All that came from a container is set as text, never as HTML.

const at = (id) => document.getElementById(id);
const WORDS = { passed: "passed", failed: "failed", blocked: "blocked", unchecked: "not checked", pending: "not asked yet", running: "being asked" };
const MARKS = { passed: "✓", failed: "✗", blocked: "·", unchecked: "?", pending: "○", running: "…" };
let state = null;
let shown = { lesson: null, hints: "", boot: null, board: "" };

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A sentence in which what stands between backticks is code.
function words(text) {
  return text.split(/(`[^`]+`)/).map((part) => (/^`.+`$/.test(part) ? made("code", {}, part.slice(1, -1)) : part));
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function act(what, body = {}) {
  const answer = await fetch(`do/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (said.words) at("summary").textContent = said.words;
  return said;
}

function copyButton(pre) {
  const button = made("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.textContent.trimEnd());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

function dress(root) {
  root.querySelectorAll("pre").forEach((pre) => {
    const kind = (pre.firstElementChild && pre.firstElementChild.className) || "";
    pre.tabIndex = 0;
    if (/language-text/.test(kind)) {
      pre.classList.add("output");
      return;
    }
    const box = made("div", { class: "block" });
    pre.replaceWith(box);
    box.append(pre, copyButton(pre));
  });
  root.querySelectorAll("table").forEach((table) => {
    const box = made("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Table" });
    table.replaceWith(box);
    box.append(table);
  });
  root.querySelectorAll("[data-lesson]").forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      act("go", { lesson: link.dataset.lesson });
    }),
  );
}

async function showText(name) {
  const text = at("text");
  const found = await get(`text?lesson=${encodeURIComponent(name)}`);
  text.innerHTML = found.html; // the course's own text; scripts do not run here
  dress(text);
  bind();
}

const plain = (text) => text.replaceAll("`", "").replace(/\s+/g, " ").trim();

// The promises in the text carry the same marks as the list of checks, and a ✗ says there what was found.
function bind() {
  if (!state) return;
  const byClaim = new Map(state.checks.map((check) => [plain(check.claim), check]));
  at("text").querySelectorAll("li").forEach((item) => {
    const check = byClaim.get(item.dataset.claim || plain(item.textContent));
    if (!check) return;
    item.dataset.claim = plain(check.claim);
    item.className = `promise ${check.outcome}`;
    item.querySelectorAll(".mark, .found").forEach((old) => old.remove());
    item.prepend(made("span", { class: "mark" }, mark(check)));
    if (check.outcome === "failed" && check.hint) item.append(made("p", { class: "found" }, ...words(check.hint)));
  });
  at("text").querySelectorAll("details[data-fold]").forEach((fold) => {
    fold.querySelectorAll(":scope > .found").forEach((old) => old.remove());
    const place = Number(fold.dataset.fold);
    const about = state.checks.filter((check) => check.passage && check.passage.place === place && check.hint);
    fold.classList.toggle("meant", about.length > 0);
    if (about.length) fold.querySelector("summary").after(made("p", { class: "found" }, ...words(about[0].hint)));
  });
}

function mark(check) {
  const sign = made("span", { "aria-hidden": "true" }, MARKS[check.outcome]);
  return made("span", {}, sign, made("span", { class: "heard" }, `${WORDS[check.outcome]}: `));
}

function toPassage(place) {
  const fold = at("text").querySelector(`details[data-fold="${place}"]`);
  if (!fold) return;
  fold.open = true;
  fold.scrollIntoView({ block: "center" });
  fold.querySelector("summary").focus({ preventScroll: true });
}

function details(check) {
  const list = made("dl");
  const rows = [["asked", check.asked], ["expected", check.expected], ["got", check.actual], ["because", check.hint], ["fault", check.fault]];
  for (const [label, text] of rows) {
    if (!text) continue;
    const body = label === "because" ? made("p", {}, ...words(text)) : made("pre", { tabindex: "0" }, text);
    const value = made("dd", { class: label }, body);
    if (label === "asked" && !/^code cell /.test(text)) value.append(copyButton(body));
    list.append(made("dt", {}, label), value);
  }
  if (check.outcome === "failed" && !check.hint) list.append(made("dt", {}, "because"), made("dd", {}, "The cause is not known. Compare what was expected with what came back."));
  if (check.passage) {
    const link = made("button", { type: "button", class: "link" }, `In the text: ${check.passage.title}`);
    link.addEventListener("click", () => toPassage(check.passage.place));
    list.append(made("dd", {}, link));
  }
  if (check.timeline) list.append(made("dd", {}, made("img", { src: `timeline/${check.id}.svg?v=${state.version}`, alt: `Timeline: ${check.claim}` })));
  return list;
}

function showChecks() {
  const list = at("list");
  const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const first = state.checks.find((check) => check.outcome === "failed");
  state.checks.forEach((check, place) => {
    const seen = JSON.stringify(check);
    let item = known.get(check.id);
    known.delete(check.id);
    if (!item) {
      item = made("li", { "data-id": check.id });
      list.insertBefore(item, list.children[place] || null);
    }
    if (item.dataset.seen === seen) return;
    item.dataset.seen = seen;
    if (check.at) item.dataset.took = String(Date.now() / 1000 - check.at); // seconds from the verdict to here
    item.className = check.outcome;
    const aside = check.outcome === "blocked" ? made("span", { class: "soft" }, " blocked by the ✗ above") : check.seconds >= 1 ? made("span", { class: "soft" }, ` ${check.seconds.toFixed(1)} s`) : "";
    const line = made("p", {}, mark(check), ...words(check.claim), aside);
    const tells = check.outcome === "failed" || check.outcome === "unchecked" || check.timeline;
    if (!tells) item.replaceChildren(line);
    else if (check === first) item.replaceChildren(line, details(check));
    else item.replaceChildren(line, made("details", {}, made("summary", {}, "What was asked"), details(check)));
  });
  known.forEach((item) => item.remove());
}

// What is said of the check, and what pressing “Hint” came to where it opened none.
function summary() {
  return [said(), plain(state.hinted || "")].filter(Boolean).join(" ");
}

function said() {
  const passed = state.checks.filter((check) => check.outcome === "passed").length;
  const failed = state.checks.find((check) => check.outcome === "failed");
  if (state.phase === "checking") return "";
  if (state.phase === "over") return `${passed} of ${state.checks.length} checks pass.${failed ? ` First ✗: ${plain(failed.claim)}` : ""}`;
  return state.said || "";
}

let isAsking = false; // whether somebody pressed “Hint” here, and not at the terminal or in another tab
async function showHints() {
  const wanted = JSON.stringify([state.lesson.name, state.hints]);
  if (wanted === shown.hints) return;
  const before = shown.hints && JSON.parse(shown.hints);
  const open = before && before[0] === state.lesson.name ? before[1].map((hint) => hint.place) : state.hints.map((hint) => hint.place);
  shown.hints = wanted;
  const box = at("hints").querySelector("div");
  at("hints").hidden = !state.hints.length;
  const parts = await Promise.all(
    state.hints.map(async (hint) => {
      const found = await get(`hint?place=${hint.place}`);
      const part = made("details", { open: "" }, made("summary", {}, hint.title));
      const body = made("div");
      body.innerHTML = found.html; // the course's own text
      dress(body);
      part.append(body);
      return part;
    }),
  );
  box.replaceChildren(...parts);
  const fresh = state.hints.findIndex((hint) => !open.includes(hint.place));
  if (fresh < 0 || !isAsking) return;
  isAsking = false;
  parts[fresh].scrollIntoView({ block: "nearest" });
  parts[fresh].querySelector("summary").focus({ preventScroll: true });
}

function showLink(message) {
  const line = at("link");
  const trouble = state && state.engine && state.engine.trouble;
  const lost = message.lost ? (message.refused ? "Open the address that the terminal shows: this one is no longer good." : "The workshop does not answer. If you have ended it, start it again with ./workshop start and open the address it shows.") : "";
  const engine = trouble ? `The Docker Engine is away. ${trouble}` : state && state.engine && state.engine.was_away ? "The Docker Engine is back." : "";
  const text = lost || engine;
  if (line.textContent !== text) line.textContent = text;
  line.className = lost || trouble ? "bad" : text ? "good" : "";
  document.body.classList.toggle("lost", Boolean(message.lost));
}

function show(message) {
  if (message.state) state = message.state;
  showLink(message);
  if (!state || !state.lesson) return;
  if (shown.boot && shown.boot !== state.boot) location.reload();
  shown.boot = state.boot;
  document.documentElement.dataset.version = state.version;
  document.documentElement.dataset.phase = state.phase;
  document.documentElement.dataset.how = message.how || "";
  const lesson = state.lesson;
  document.title = `${state.phase === "over" ? (state.verdict === "passed" ? "✓ " : "✗ ") : ""}Lesson ${lesson.number} · ${lesson.title}`;
  const board = JSON.stringify(state.board);
  if (board !== shown.board) {
    shown.board = board;
    showMap();
    at("lessons").replaceChildren(...state.board.map((one) => made("option", { value: one.name, ...(one.current ? { selected: "" } : {}) }, `${one.passed ? "✓ " : ""}${one.number} · ${one.title}`)));
  }
  at("place").replaceChildren("Files: ", made("code", {}, lesson.folder));
  at("notebook").hidden = !lesson.notebook;
  at("views").hidden = !state.editor;
  const isComing = Boolean(state.editor && !state.editor.port);
  at("view-editor").disabled = at("notebook").disabled = isComing;
  at("view-editor").textContent = isComing ? "Editor and terminal: starting …" : "Editor and terminal";
  at("checks").setAttribute("aria-busy", String(state.phase === "checking"));
  at("news").replaceChildren(...(state.news || []).map((line) => made("li", {}, line)));
  showChecks();
  const line = summary();
  if (at("summary").textContent !== line) at("summary").textContent = line;
  const over = state.phase === "over";
  const report = state.report;
  at("next").replaceChildren(...(over && report ? words(`${report.runtime} · ${report.seconds} s · seed ${report.seed} · ${report.next}${state.address ? `. Until the next save the service answers on ${state.address}` : ""}`) : [state.phase === "checking" ? state.notice || "Checking …" : ""]));
  at("lab").replaceChildren(...(state.lab ? [made("a", { href: inLab(state.lab, lesson), target: "_blank", rel: "noopener" }, "JupyterLab with the notebooks")] : []));
  showHints();
  if (shown.lesson !== lesson.name) {
    if (goneBackTo !== lesson.name) history[shown.lesson ? "pushState" : "replaceState"]({ lesson: lesson.name }, "");
    goneBackTo = "";
    shown.lesson = lesson.name;
    at("extra").hidden = true;
    showText(lesson.name);
  } else bind();
  if (over) beside();
}

// Back and forward go from lesson to lesson, and leave the workshop only before the first.
let goneBackTo = "";
addEventListener("popstate", (event) => {
  if (!event.state || !state || event.state.lesson === state.lesson.name) return;
  goneBackTo = event.state.lesson;
  act("go", { lesson: goneBackTo });
});

// The address of JupyterLab, with the lesson's own notebook in place of the first.
function inLab(address, lesson) {
  const found = new URL(address);
  if (lesson.notebook && lesson.file) found.pathname = `/lab/tree/${lesson.file}`;
  return found.href;
}

// JupyterLab within the page, where the workshop brings it: loaded when it is first shown, and for another lesson only if it is shown again.
let edited = null;
function view(isEditor) {
  document.body.classList.toggle("editing", isEditor);
  at("text").hidden = isEditor;
  at("editor").hidden = !isEditor;
  at("view-text").setAttribute("aria-pressed", String(!isEditor));
  at("view-editor").setAttribute("aria-pressed", String(isEditor));
  if (!isEditor || edited === state.lesson.name) return;
  edited = state.lesson.name;
  const { port, base, token } = state.editor;
  const frame = made("iframe", { title: "JupyterLab: editor and terminal", allow: "clipboard-read; clipboard-write" });
  frame.src = `http://${location.hostname}:${port}${base}${innerWidth < 700 ? "doc" : "lab"}/tree/${encodeURI(state.lesson.file || "work")}?token=${token}`;
  at("editor").querySelector("div").replaceChildren(frame);
}
at("view-text").addEventListener("click", () => view(false));
at("view-editor").addEventListener("click", () => view(true));

// What is looked at only while somebody looks: the log and the pictures.
let looking = false;
async function beside() {
  if (looking || document.hidden || document.body.classList.contains("lost")) return;
  looking = true;
  try {
    await look();
  } catch {
    // it is being checked again, or the workshop has ended: the next look tells
  } finally {
    looking = false;
  }
}

async function showMap() {
  if (!at("map").open) return;
  const box = at("map").querySelector("div");
  box.innerHTML = (await get("map")).html; // the course's own
  box.querySelectorAll("a").forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      act("go", { lesson: link.getAttribute("href").slice(1) });
    }),
  );
}
at("map").addEventListener("toggle", showMap);

async function look() {
  if (at("log").open) {
    const found = await get("log");
    const pre = at("log").querySelector("pre");
    if (pre.textContent !== found.text) pre.textContent = found.text;
  }
  if (at("pictures").open) {
    const found = await get("pictures");
    at("no-pictures").hidden = found.length > 0;
    const known = figures();
    found.forEach((one, place) => {
      const figure = known.get(one.name) || newFigure(one);
      known.delete(one.name);
      if (at("drawn").children[place] !== figure) at("drawn").insertBefore(figure, at("drawn").children[place] || null);
      draw(figure, one);
    });
    known.forEach((figure) => figure.remove());
    at("where").hidden = !found.some((one) => one.name.endsWith("cluster"));
    if (!at("where").hidden) await where();
  }
}

// Any key can be tried: where it falls is worked out, and nothing is stored.
async function where() {
  const output = at("where").querySelector("output");
  const { text } = await get(`where?of=${encodeURIComponent(at("key").value)}`);
  if (output.textContent !== text) output.textContent = text;
}
at("key").addEventListener("input", () => where().catch(() => {}));
at("where").addEventListener("submit", (event) => event.preventDefault());

const figures = () => new Map([...at("drawn").children].map((figure) => [figure.dataset.name, figure]));

function newFigure(one) {
  return made("figure", { "data-name": one.name },
    made("figcaption"),
    made("a", { target: "_blank", rel: "noopener" }, made("img")),
    made("details", {}, made("summary", {}, "As text"), made("pre", { tabindex: "0" })),
  );
}

// What is there is changed in its place, so that nobody who reads it or stands on it loses it.
function draw(figure, one) {
  if (figure.dataset.seen === String(one.version)) return;
  figure.dataset.seen = one.version;
  const address = `picture/${one.name}.svg?v=${one.version}`;
  figure.querySelector("figcaption").textContent = one.title;
  figure.querySelector("a").href = address;
  const image = figure.querySelector("img");
  image.src = address;
  image.alt = `${one.title}; the text below says the same`;
  figure.querySelector("pre").textContent = one.text;
}

// Commands are shown as they arrive; that asks the engine nothing, so it may be more often.
async function hear() {
  if (document.hidden || !at("pictures").open || document.body.classList.contains("lost")) return;
  const known = figures();
  if (![...known.keys()].some((name) => name.endsWith("commands"))) return;
  try {
    (await get("commands")).forEach((one) => known.has(one.name) && draw(known.get(one.name), one));
  } catch {
    // the next look tells
  }
}
setInterval(hear, 1000);
setInterval(beside, 3000);
["log", "pictures"].forEach((id) => at(id).addEventListener("toggle", beside));

function sure(question) {
  const dialog = at("sure");
  at("sure-words").textContent = question;
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

async function extra(what, anyway = false) {
  const found = await get(`${what}${anyway ? "?anyway=1" : ""}`);
  if (found.html === null) {
    if (await sure(found.words)) return extra(what, true);
    return;
  }
  const box = at("extra");
  box.hidden = false;
  box.innerHTML = `<h2>${what === "more" ? "More" : "Solution"}</h2>${found.html}`;
  dress(box);
  box.focus();
}

at("check").addEventListener("click", () => act("check"));
at("hint").addEventListener("click", () => {
  isAsking = true;
  act("hint").finally(() => setTimeout(() => (isAsking = false), 3000));
});
at("more").addEventListener("click", () => extra("more"));
at("solution").addEventListener("click", () => extra("solution"));
at("reset").addEventListener("click", async () => {
  if (await sure("Put the starter back? Your files are kept aside, and the page says where.")) act("reset");
});
at("notebook").addEventListener("click", () => (state.editor ? view(true) : act("notebook")));
at("go").addEventListener("click", () => act("go", { lesson: at("lessons").value }));

if (window.SharedWorker) {
  const worker = new SharedWorker("static/worker.js", { name: "workshop" });
  worker.port.onmessage = (message) => show(message.data);
  worker.port.start();
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
} else {
  let version = -1;
  const ask = async () => {
    try {
      const answer = await fetch(`state?since=${version}`, { cache: "no-store" });
      if (answer.status === 200) show({ state: await answer.json(), how: "polling" });
      else if (answer.status !== 204) show({ lost: true, refused: answer.status === 403 });
      if (state) version = state.version;
    } catch {
      show({ lost: true });
    }
  };
  setInterval(ask, 1000);
  ask();
}
