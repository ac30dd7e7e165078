// Lists of tasks: moving with the keyboard, choosing several, and news from the server.
import { get, on, post, toast } from './app.js';

const list = document.querySelector('[data-list]');
const rows = () => [...list.querySelectorAll('[data-row]')];
const linkOf = (row) => row.querySelector('[data-open]');
const boxOf = (row) => row.querySelector('input[type="checkbox"]');
const current = () => document.activeElement.closest?.('[data-row]');

// -- moving ----------------------------------------------------------------------------------
// Focus is on the first link of a row, so that Tab goes on from there and readers follow.

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  if (next) linkOf(next).focus();
  return next;
}

const onRow = (run) => () => {
  const row = current();
  return row ? run(row) : false;
};

on('next', () => { move(1); });
on('previous', () => { move(-1); });
on('first', () => { rows().at(0) && linkOf(rows().at(0)).focus(); });
on('last', () => { rows().at(-1) && linkOf(rows().at(-1)).focus(); });
on('open-case', onRow((row) => { row.querySelector('[data-case]')?.click(); }));
on('claim', onRow((row) => { row.querySelector('[data-claim]')?.click(); }));
on('choose', onRow((row) => choose(row, !boxOf(row).checked)));
on('choose-next', () => { extend(1); });
on('choose-previous', () => { extend(-1); });
on('release', () => bulk('release'));
on('reassign', () => { chosen().length || choose(current() ?? rows()[0], true); document.getElementById('bulk-to')?.focus(); });
on('snooze', () => bulk('snooze'));
on('preview', togglePreview);

// -- choosing --------------------------------------------------------------------------------

const bar = list.querySelector('[data-bulk]');
const chosen = () => rows().filter((row) => boxOf(row)?.checked);

function choose(row, is) {
  if (!row || boxOf(row).disabled) return;
  boxOf(row).checked = is;
  showChosen();
}

function extend(step) {
  const from = current();
  if (from) choose(from, true);
  choose(move(step), true);
}

function showChosen() {
  for (const row of rows()) row.classList.toggle('is-chosen', boxOf(row).checked);
  const count = chosen().length;
  bar.classList.toggle('is-on', count > 0);
  bar.querySelector('[data-bulk-count]').textContent = bar.dataset.words.replace('{n}', count);
  const all = list.querySelector('[data-all]');
  if (all) [all.checked, all.indeterminate] = [count > 0 && count === rows().length, count > 0 && count < rows().length];
}

function bulk(act) {
  if (!chosen().length && current()) choose(current(), true);
  if (!chosen().length) return false;
  bar.querySelector(`button[value="${act}"]`)?.click();
  return true;
}

if (bar) {
  list.addEventListener('change', (event) => {
    if (event.target.matches('[data-all]')) for (const row of rows()) choose(row, event.target.checked);
    if (event.target.matches('[data-row] input')) showChosen();
  });
  bar.querySelector('[data-clear]').addEventListener('click', () => { for (const row of rows()) choose(row, false); });
  showChosen();
}

// A claimed row comes back from the server as it is now; focus stays where the hand is.
document.addEventListener('htmx:after:swap', () => {
  const row = list.querySelector('[data-just-claimed]');
  if (!row) return;
  delete row.dataset.justClaimed;
  linkOf(row).focus();
  const { release, undo, words } = row.dataset;
  if (release) toast(words, { label: undo, run: () => giveBack(row, release) });
});

async function giveBack(row, address) {
  const answer = await post(address);
  if (answer.ok) location.reload();
}

// -- preview ---------------------------------------------------------------------------------

const pane = list.querySelector('[data-preview]');

async function togglePreview() {
  if (!pane.hidden) { pane.hidden = true; current()?.querySelector('.list-name a')?.focus(); return; }
  const row = current() ?? rows()[0];
  if (!row) return;
  await preview(row);
}

async function preview(row) {
  const answer = await get(`${linkOf(row).getAttribute('href')}/preview`);
  if (!answer.ok) return;
  pane.innerHTML = await answer.text();
  window.htmx?.process(pane);
  pane.hidden = false;
}

pane?.addEventListener('click', (event) => { if (event.target.closest('[data-close-preview]')) togglePreview(); });

list.addEventListener('focusin', (event) => {
  const row = event.target.closest('[data-row]');
  if (row && pane && !pane.hidden) preview(row);
});

// -- news ------------------------------------------------------------------------------------
// Nothing moves under somebody's hands: rows change in place, new ones are announced.

const EVERY = 20_000;
const live = list.querySelector('[data-live]');
const news = list.querySelector('[data-news]');
let heard = Date.now();

async function listen() {
  if (document.hidden || !rows().length) return;
  const shown = new FormData();
  for (const row of rows()) shown.append('shown', row.dataset.row);
  try {
    const answer = await post(list.dataset.changes, shown, { background: true });
    if (answer.ok) {
      heard = Date.now();
      show(await answer.json());
    }
  } catch {
    // no connection: the line below says since when
  }
  sayLive();
}

function sayLive() {
  const stale = Date.now() - heard > 45_000;
  const at = new Date(heard).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  live.classList.toggle('is-stale', stale);
  live.textContent = (stale ? live.dataset.stale : live.dataset.fresh).replace('{time}', at);
}

function show({ listed, gone }) {
  const here = new Set(rows().map((row) => row.dataset.row));
  const count = listed.filter((id) => !here.has(id)).length;
  news.hidden = count === 0;
  const words = news.querySelector('[data-news-words]');
  const said = (count === 1 ? words.dataset.one : words.dataset.many).replace('{n}', count);
  if (count && words.textContent !== said) words.textContent = said;
  for (const [id, how] of Object.entries(gone)) if (here.has(id)) fade(id, how);
}

function fade(id, words) {
  const row = document.getElementById(`task-${id}`);
  if (row.classList.contains('is-gone') || row === current()) return;
  row.classList.add('is-gone');
  boxOf(row).checked = false;
  boxOf(row).disabled = true;
  row.querySelector('.end').textContent = words;
  showChosen();
}

if (list.dataset.changes) {
  setInterval(listen, EVERY);
  document.addEventListener('visibilitychange', listen);
}
