// Bringing in a file: some rows at a time, until none is left. Each request is one transaction, so
// the page may be left at any moment and gone on with later.
import { post } from './app.js';

const form = document.querySelector('form[data-import]');
const state = document.querySelector('[data-progress]');
const failed = document.querySelector('[data-failed]');
let isRunning = false;

function show({ done, all }) {
  const words = state.querySelector('[data-words]');
  state.hidden = false;
  state.querySelector('progress').value = done;
  words.textContent = words.dataset.words.replace('{done}', done).replace('{all}', all);
}

async function next() {
  const answer = await post(form.action).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

async function run(event) {
  event.preventDefault();
  if (isRunning) return;
  const button = form.querySelector('button');
  isRunning = true;
  failed.hidden = true;
  button.setAttribute('aria-disabled', 'true');
  const bar = state.querySelector('progress');
  show({ done: bar.value, all: bar.max });
  let answer = await next();
  while (answer?.left) {
    show(answer);
    answer = await next();
  }
  isRunning = false;
  if (answer) return location.reload();
  button.removeAttribute('aria-disabled');
  failed.hidden = false;
}

form?.addEventListener('submit', run);
addEventListener('beforeunload', (event) => { if (isRunning) event.preventDefault(); });
