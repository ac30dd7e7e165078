// Forms: questions that appear when they are asked, drafts kept by the server, rows added in place.
import { on, post, toast } from './app.js';
import { holds, meaning } from './conditions.js';

// -- questions that depend on others ----------------------------------------------------------

const isOff = (input) => input.closest('[data-off]') !== null;

function readFrom(form) {
  return (name, kind) => {
    const inputs = [...form.elements].filter((input) => input.name === name || input.name?.startsWith(`${name}-`));
    const own = inputs.filter((input) => input.name === name && !isOff(input));
    switch (kind) {
      case 'checkbox': return meaning(kind, own.some((input) => input.checked));
      case 'checklist': return own.filter((input) => input.checked).map((input) => input.value);
      case 'radio': return meaning(kind, own.find((input) => input.checked)?.value ?? '');
      case 'date':
      case 'datetime': {
        const part = (end) => inputs.find((input) => input.name === `${name}-${end}` && !isOff(input))?.value ?? '';
        return meaning(kind, { day: part('day'), month: part('month'), year: part('year'), time: part('time') });
      }
      case 'select': return meaning(kind, optionOf(own[0]));
      default: return meaning(kind, own[0]?.value ?? '');
    }
  };
}

// A choice typed with suggestions holds the words of the option, and stands for its value.
const optionOf = (input) => [...(input?.list?.options ?? [])].find((o) => o.value === input.value)?.dataset.value ?? input?.value ?? '';

// Goes round until nothing changes: what a hidden question says counts as not said.
export function showAsked(form) {
  const read = readFrom(form);
  const boxes = [...form.querySelectorAll('[data-show]')];
  for (let round = 0; round < 10; round += 1) {
    const changed = boxes.filter((box) => {
      const off = holds(JSON.parse(box.dataset.show), read);
      if (off === box.hasAttribute('data-off')) return false;
      box.toggleAttribute('data-off', off);
      return true;
    });
    if (!changed.length) return;
  }
}

// -- drafts -----------------------------------------------------------------------------------
// What was typed is kept by the server 1.2 s after the last key, and nowhere in this browser.

const WAIT = 1200;
const RETRY = [2, 5, 15, 30];

class Draft {
  constructor(form) {
    this.form = form;
    this.state = form.querySelector('[data-saved]');
    this.copy = form.querySelector('[data-copy-written]');
    this.isDirty = false;
    this.failures = 0;
    this.lostAt = 0;
    this.saving = null;
    this.timer = 0;
  }

  touch() {
    this.isDirty = true;
    this.later(WAIT);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  async save() {
    if (this.saving || !this.isDirty) return this.saving;
    clearTimeout(this.timer);
    this.isDirty = false;
    this.say('saving');
    this.saving = this.send();
    await this.saving;
    this.saving = null;
    if (this.isDirty) this.later(WAIT);
    return undefined;
  }

  async send() {
    try {
      const answer = await post(this.form.dataset.draft, new FormData(this.form), { keepalive: false });
      if (answer.ok) this.saved(await answer.json());
      else if ([409, 410].includes(answer.status)) this.refused(answer.status, await answer.json());
      else this.failed();
    } catch {
      this.failed();
    }
  }

  saved({ version, saved }) {
    this.form.elements._version.value = version;
    this.failures = 0;
    this.lostAt = 0;
    if (this.copy) this.copy.hidden = true;
    this.say('fresh', saved);
    this.savedAt = saved;
  }

  failed() {
    this.isDirty = true;
    this.lostAt ||= Date.now();
    this.say('late', this.savedAt ?? this.state.dataset.since);
    if (this.copy) this.copy.hidden = Date.now() - this.lostAt < 60_000;
    this.later(RETRY[Math.min(this.failures, RETRY.length - 1)] * 1000);
    this.failures += 1;
  }

  // Somebody else saved, or the task is gone: the page that the server gives to a plain post shows
  // both versions, with ours kept.
  refused(status, problem) {
    this.isDirty = false;
    this.state.classList.add('is-late');
    const button = Object.assign(document.createElement('button'), { className: 'btn btn-small', textContent: this.state.dataset.look });
    button.setAttribute('formaction', this.form.dataset.draft);
    button.formNoValidate = true;
    this.state.replaceChildren(`${problem.detail ?? problem.title} `, button);
  }

  say(what, time = '') {
    this.state.classList.toggle('is-late', what === 'late');
    this.state.textContent = this.state.dataset[what].replace('{time}', time);
  }

  written() {
    return [...new FormData(this.form)]
      .filter(([name, value]) => !name.startsWith('_') && name !== 'csrf_token' && typeof value === 'string' && value.trim())
      .map(([name, value]) => `${labelOf(this.form, name)}: ${value}`)
      .join('\n');
  }
}

function labelOf(form, name) {
  const input = [form.elements[name]].flat().at(0);
  const first = input instanceof RadioNodeList ? input[0] : input;
  return first?.closest('fieldset')?.querySelector('legend')?.textContent.trim() ?? first?.labels?.[0]?.textContent.trim() ?? name;
}

// -- rows -------------------------------------------------------------------------------------

async function changeRows(form, button) {
  const group = button.closest('[data-rows-of]');
  const sent = new FormData(form);
  sent.append(button.name, button.value);
  const answer = await post(form.dataset.rows, sent);
  if (!answer.ok) return;
  const box = document.createElement('template');
  box.innerHTML = await answer.text();
  const fresh = box.content.querySelector('[data-rows-of]');
  group.replaceWith(fresh);
  showAsked(form);
  form.dispatchEvent(new Event('input', { bubbles: true }));
  const rows = [...fresh.querySelectorAll(':scope > [data-row-name]')];
  if (button.name === '_add') return focusFirst(rows.at(-1));
  fresh.querySelector('legend').focus();
  toast(form.dataset.removed, {
    label: form.dataset.undo,
    run: () => { fresh.replaceWith(group); showAsked(form); form.dispatchEvent(new Event('input', { bubbles: true })); },
  });
}

const focusFirst = (row) => row?.querySelector('input, select, textarea')?.focus();

// -- a date in one go -------------------------------------------------------------------------

function splitDate(event) {
  const box = event.target.closest('[data-date]');
  const pasted = /^\s*(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})\s*$/.exec(event.clipboardData?.getData('text') ?? '');
  if (!box || !pasted) return;
  event.preventDefault();
  [...box.querySelectorAll('.parts input')].slice(0, 3).forEach((input, at) => { input.value = pasted[at + 1]; });
  box.querySelectorAll('.parts input')[2].focus();
  event.target.dispatchEvent(new Event('input', { bubbles: true }));
}

// -- each form of the page ----------------------------------------------------------------------

export const drafts = new Map();
let isLeaving = false;

for (const form of document.querySelectorAll('form[data-form]')) {
  showAsked(form);
  const draft = form.dataset.draft ? new Draft(form) : null;
  if (draft) drafts.set(form, draft);
  form.addEventListener('input', () => { showAsked(form); draft?.touch(); });
  form.addEventListener('paste', splitDate);
  form.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (['_add', '_remove'].includes(button?.name)) {
      event.preventDefault();
      changeRows(form, button);
    }
    if (event.target.matches('input[list]')) event.target.showPicker?.();
    if (button?.hasAttribute('data-copy-written')) navigator.clipboard.writeText(draft.written()).then(() => toast(button.dataset.done));
    if (draft && button?.hasAttribute('data-save-draft')) {
      event.preventDefault();
      draft.isDirty = true;
      draft.save();
    }
  });
}

for (const form of document.querySelectorAll('form[data-form], form[data-warn]')) {
  form.addEventListener('input', () => { form.dataset.touched = 'true'; });
  form.addEventListener('submit', () => { isLeaving = true; });
}

addEventListener('beforeunload', (event) => {
  if (isLeaving) return;
  const lost = [...document.querySelectorAll('form[data-touched]')].some((form) => {
    const draft = drafts.get(form);
    return draft ? draft.isDirty || draft.saving : true;
  });
  if (lost) event.preventDefault();
});

document.addEventListener('signpost:hide', (event) => {
  for (const draft of drafts.values()) event.detail.push(draft.save());
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) for (const draft of drafts.values()) draft.save();
});

// What was revealed is covered while nobody looks at this window, and comes back with them.
addEventListener('blur', () => { document.documentElement.dataset.away = 'true'; });
addEventListener('focus', () => { delete document.documentElement.dataset.away; });

const main = document.querySelector('form[data-form]');
const press = (selector) => () => {
  const button = document.querySelector(selector);
  button?.click();
  return Boolean(button);
};
on('save', press('[data-save-draft]'));
on('complete', () => { main?.requestSubmit(main.querySelector('[data-complete]')); return Boolean(main); });
on('claim', press('[data-claim]'));
on('open-case', press('[data-case]'));
on('danger', press('[data-danger]'));
