// What every page does: shortcuts, the privacy screen, menus, and messages that come and go.
// Nothing about a case is ever kept in this browser.

const root = document.documentElement;
const token = () => document.querySelector('meta[name="csrf"]')?.content ?? '';

// -- talking to the server ------------------------------------------------------------------

// Post and return the answer. A locked screen or an ended login is dealt with here, for all.
export async function post(address, body = null, { background = false, keepalive = false } = {}) {
  const headers = { 'X-CSRFToken': token(), Accept: 'application/json' };
  if (background) headers['X-Signpost-Background'] = '1';
  const answer = await fetch(address, { method: 'POST', body, headers, keepalive, redirect: 'manual' });
  lookAt(answer);
  if (!background) lastRequest = Date.now();
  return answer;
}

export async function get(address, headers = {}) {
  const answer = await fetch(address, { headers: { 'X-Signpost-Background': '1', ...headers } });
  lookAt(answer);
  return answer;
}

function lookAt(answer) {
  if (answer.status === 423) cover('locked');
  if (answer.status === 401) cover('signed-out');
}

function renew(fresh) {
  document.querySelector('meta[name="csrf"]').content = fresh;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = fresh;
}

// What htmx sends carries the page's token too.
document.addEventListener('htmx:config:request', (event) => {
  event.detail.ctx.request.headers['X-CSRFToken'] = token();
});
document.addEventListener('htmx:response:error', (event) => lookAt(event.detail.ctx.response));

// -- messages ---------------------------------------------------------------------------------

let undo = null;
let toastTimer = 0;

// Say something for ten seconds. ``action`` is {label, run}; `z` runs it too.
export function toast(words, action = null) {
  const box = document.querySelector('[data-toast]');
  if (!box) return;
  undo = action;
  box.replaceChildren(words);
  if (action) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-small', textContent: action.label });
    button.addEventListener('click', runUndo);
    box.append(' ', button);
  }
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; undo = null; }, 10_000);
}

function runUndo() {
  const action = undo;
  undo = null;
  document.querySelector('[data-toast]').hidden = true;
  action?.run();
}

// -- shortcuts --------------------------------------------------------------------------------
// The list that `?` shows is the table itself: a key works if the page has registered its act.

const handlers = new Map();
const table = [...document.querySelectorAll('[data-keys-list] [data-act]')].map((entry) => ({
  entry,
  act: entry.dataset.act,
  keys: entry.dataset.keys.split('|'),
}));
let before = { key: '', at: -Infinity };

// Make ``run`` what the shortcut ``act`` does here. It may return false: then the key goes on.
export const on = (act, run) => handlers.set(act, run);

function nameOf(event) {
  const key = event.key.length === 1 && event.shiftKey && /\p{L}/u.test(event.key) ? `Shift+${event.key.toLowerCase()}` : event.key;
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${key.length === 1 && event.ctrlKey ? key.toLowerCase() : key}`;
}

export const isTyping = (element) =>
  element.matches?.('textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"])');

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.repeat) return;
  const pressed = nameOf(event);
  const within = pressed === 'Escape' ? 600 : 1200;
  const pair = event.timeStamp - before.at < within ? `${before.key} ${pressed}` : '';
  before = { key: pressed, at: event.timeStamp };
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && pressed !== 'Escape';
  if (isPlain && (root.dataset.shortcuts === 'off' || isTyping(event.target))) return;
  if (isPlain && document.querySelector('dialog[open]')) return;
  const found = table.find(({ keys, act }) => handlers.has(act) && ((pair && keys.includes(pair)) || keys.includes(pressed)));
  if (!found) return;
  if (handlers.get(found.act)(event) !== false) event.preventDefault();
});

// The page's own box comes after the one in the bar; where neither can be seen there is a page.
function search() {
  const box = [...document.querySelectorAll('[data-search]')].findLast((each) => each.checkVisibility());
  if (box) box.focus();
  else location.assign('/search');
}

function showKeys() {
  const dialog = document.querySelector('dialog[data-keys]');
  for (const { entry, act } of table) entry.hidden = !handlers.has(act);
  for (const part of dialog.querySelectorAll('[data-keys-part]')) {
    part.hidden = ![...part.querySelectorAll('[data-act]')].some((entry) => !entry.hidden);
  }
  dialog.showModal();
}

if (document.querySelector('dialog[data-keys]')) {
  on('keys', showKeys);
  on('hide', hide);
  on('undo', () => (undo ? runUndo() : false));
  on('search', search);
  for (const [act, address] of Object.entries(JSON.parse(root.dataset.places ?? '{}'))) {
    on(act, () => location.assign(address));
  }
}
document.querySelector('[data-keys-open]')?.addEventListener('click', showKeys);

// -- the privacy screen -------------------------------------------------------------------------
// A blur would leave the text in the page. Everything is taken out of sight and out of reach, and
// the server is told, so that a reload or a second tab gets nothing either.

let covered = null;

export async function hide() {
  const drafts = [];
  document.dispatchEvent(new CustomEvent('signpost:hide', { detail: drafts }));
  cover('locked');
  await Promise.race([Promise.allSettled(drafts), new Promise((done) => setTimeout(done, 1500))]);
  await post(document.querySelector('form[data-privacy]').action, null, { keepalive: true }).catch(() => {
    // without a connection nothing can be loaded either; the screen stays covered
  });
}

function cover(why) {
  const panel = document.querySelector(`template[data-${why}]`);
  if (!panel || covered?.why === why) return;
  uncover();
  covered = { why, title: document.title, focus: document.activeElement, hidden: [] };
  for (const child of document.body.children) {
    if (child.hidden) continue;
    covered.hidden.push(child);
    child.hidden = child.inert = true;
  }
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  document.title = 'Signpost';
  covered.panel = Object.assign(document.createElement('div'), { className: 'cover' });
  covered.panel.append(panel.content.cloneNode(true));
  document.body.append(covered.panel);
  covered.panel.querySelector('form').addEventListener('submit', answerCover);
  covered.panel.querySelector('input:not([type="hidden"])').focus();
}

function uncover() {
  if (!covered) return;
  covered.panel.remove();
  for (const child of covered.hidden) child.hidden = child.inert = false;
  document.title = covered.title;
  covered.focus?.focus?.();
  covered = null;
  lastInput = Date.now();
  document.dispatchEvent(new CustomEvent('signpost:back'));
}

async function answerCover(event) {
  event.preventDefault();
  const form = event.target;
  const error = form.querySelector('[data-cover-error]');
  const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), headers: { 'X-CSRFToken': token(), Accept: 'application/json' }, redirect: 'manual' }).catch(() => null);
  if (answer?.ok) {
    if (answer.status === 200) renew((await answer.json()).csrf_token);
    return uncover();
  }
  if (answer?.status === 401 && covered.why === 'locked') return cover('signed-out');
  const said = answer && (await answer.json().catch(() => null));
  error.textContent = said?.detail ?? form.dataset.failed;
  error.hidden = false;
  form.querySelector('input[type="password"]').select();
}

document.querySelector('form[data-privacy]')?.addEventListener('submit', (event) => {
  event.preventDefault();
  hide();
});

// -- nobody at the desk ---------------------------------------------------------------------------

let lastInput = Date.now();
let lastRequest = Date.now();
let warned = false;
const lockAfter = Number(root.dataset.lockAfter ?? 0) * 1000;
const isLineOpen = () => 'lineOpen' in root.dataset;

for (const name of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart']) {
  addEventListener(name, () => { lastInput = Date.now(); warned = false; }, { passive: true, capture: true });
}

function lookAround() {
  const idle = Date.now() - lastInput;
  if (covered) return;
  // reading is work too: the login lives as long as somebody moves, or a line is open
  if ((isLineOpen() || idle < 60_000) && Date.now() - lastRequest > 240_000) post(root.dataset.here).catch(() => {});
  if (isLineOpen()) return;
  if (idle > lockAfter) hide();
  else if (idle > lockAfter - 30_000 && !warned) {
    warned = true;
    toast(root.dataset.lockWarning);
  }
}
if (lockAfter) setInterval(lookAround, 5000);

// -- small things -----------------------------------------------------------------------------------

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  const button = event.target.closest('[data-show-secret]');
  if (!button) return;
  const input = document.getElementById(button.dataset.showSecret);
  const shown = input.type === 'text';
  input.type = shown ? 'password' : 'text';
  button.setAttribute('aria-pressed', String(!shown));
  [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
});

document.addEventListener('focusin', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && document.querySelector('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

const problem = document.querySelector('[data-summary] h2');
if (problem) {
  problem.focus();
  problem.scrollIntoView({ block: 'start' });
}

// A press twice in a row sends once; the server would say so too.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'true';
  event.submitter?.setAttribute('aria-disabled', 'true');
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  for (const button of document.querySelectorAll('form [aria-disabled="true"][type="submit"]')) button.removeAttribute('aria-disabled');
});

// Paper cannot be unfolded; older browsers have no style for what is folded.
addEventListener('beforeprint', () => {
  for (const found of document.querySelectorAll('details.found:not([open])')) {
    found.open = true;
    addEventListener('afterprint', () => { found.open = false; }, { once: true });
  }
});

document.addEventListener('DOMContentLoaded', () => { root.dataset.ready = 'true'; });
