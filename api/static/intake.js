// The live contact: sections in any order, matches as they are typed, danger without a detour.
import { on, post } from './app.js';
import { drafts, showAsked } from './form.js';

const form = document.querySelector('form[data-intake]');
const draft = drafts.get(form);
const matches = document.querySelector('[data-matches]');

// -- sections ------------------------------------------------------------------------------------

const parts = [...form.querySelectorAll('[data-part]')].slice(0, 8);
for (const [at, heading] of parts.entries()) {
  on(`section-${at + 1}`, () => {
    heading.scrollIntoView({ block: 'start' });
    const first = heading.parentElement.querySelector('input:not([type="hidden"]), textarea, select');
    (first ?? heading).focus({ preventScroll: true });
  });
}

// The list at the side shows what is asked now, and where one is.
function follow() {
  for (const item of document.querySelectorAll('[data-nav]')) {
    item.toggleAttribute('data-off', document.getElementById(item.dataset.nav)?.hasAttribute('data-off') ?? false);
  }
}
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of document.querySelectorAll('.intake-nav a')) {
      if (link.hash === `#${entry.target.id}`) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }
}, { rootMargin: '-20% 0px -70% 0px' });
for (const heading of form.querySelectorAll('[data-part]')) seen.observe(heading);

// -- what has not been asked yet -------------------------------------------------------------------

const MATTERS = ['safe_now', 'immediate_danger', 'dropped_call_wish', 'interpreter', 'vulnerable', 'stated_high', 'consent_to_record'];
const unasked = document.querySelector('[data-unasked]');

function remind() {
  const open = MATTERS
    .map((name) => form.elements[name])
    .filter((group) => group instanceof RadioNodeList && !group.value && !group[0].closest('[data-off]'))
    .map((group) => group[0].closest('fieldset').querySelector('legend').firstChild.textContent.trim());
  unasked.replaceChildren(...(open.length ? open : [unasked.dataset.all]).map((words) => Object.assign(document.createElement('li'), { textContent: words })));
}

// -- who it may be ---------------------------------------------------------------------------------

const WHO = /^(given_name|family_name|known_as|aliases|born_on-(day|month|year)|crime_reference|client_password|channels-\d+-(kind|value)|no_name)$/;

form.addEventListener('change', (event) => {
  if (WHO.test(event.target.name ?? '')) matches.dispatchEvent(new CustomEvent('signpost:who', { bubbles: true }));
});

function keep(name, value) {
  const input = form.querySelector(`input[type="hidden"][name="${name}"]`) ?? form.appendChild(Object.assign(document.createElement('input'), { type: 'hidden', name }));
  input.value = value;
}
for (const input of matches.querySelectorAll('input[type="hidden"]')) keep(input.name, input.value);

matches.addEventListener('click', (event) => {
  const button = event.target.closest('[data-match]');
  if (!button) return;
  keep('_match_decision', button.dataset.match);
  keep('_match_person', button.dataset.person ?? '');
  for (const each of matches.querySelectorAll('[data-match]')) each.setAttribute('aria-pressed', String(each === button));
  draft.touch();
});

// -- danger ------------------------------------------------------------------------------------------

const AGAIN = 5000;
const danger = form.querySelector('[data-danger]');
const checklist = document.querySelector('[data-danger-list]');
const unsent = form.querySelector('[data-danger-failed]');

danger.addEventListener('click', (event) => {
  event.preventDefault();
  if (danger.getAttribute('aria-disabled') === 'true') return;
  danger.setAttribute('aria-disabled', 'true');
  showChecklist();
  tell();
});

// Beside the notes on a wide screen; on a narrow one where the handler is writing.
function showChecklist() {
  checklist.hidden = false;
  if (!matchMedia('(max-width: 64rem)').matches) return;
  const sections = [...form.querySelectorAll('.intake-parts > section:not([data-off])')];
  const here = sections.find((section) => section.getBoundingClientRect().bottom > innerHeight / 3) ?? sections.at(-1);
  here.before(checklist);
  checklist.scrollIntoView({ block: 'start' });
}

// Nobody has been told until the server says so: until then the page says that, and tries again.
async function tell() {
  const answer = await post(danger.formAction, new FormData(form)).catch(() => null);
  if (answer?.ok) {
    const { at } = await answer.json();
    danger.querySelector('span').textContent = danger.dataset.dangerWords.replace('{time}', at);
    document.querySelector('[data-danger-told]').hidden = false;
    unsent.hidden = true;
    const said = form.querySelector('input[name="immediate_danger"][value="yes"]');
    if (said) said.checked = true;
    form.dispatchEvent(new Event('input', { bubbles: true }));
    return;
  }
  const isPassing = !answer || answer.status >= 500 || [401, 423, 429].includes(answer.status);
  unsent.textContent = isPassing ? unsent.dataset.again : unsent.dataset.refused;
  unsent.hidden = false;
  if (isPassing) setTimeout(tell, AGAIN);
  else danger.removeAttribute('aria-disabled');
}

// -- writing --------------------------------------------------------------------------------------

form.addEventListener('keydown', (event) => {
  const area = event.target;
  if (!(event.ctrlKey && event.key === ';' && area.matches('textarea'))) return;
  event.preventDefault();
  const time = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  area.setRangeText(`${time} `, area.selectionStart, area.selectionEnd, 'end');
  form.dispatchEvent(new Event('input', { bubbles: true }));
});

const elapsed = document.querySelector('[data-elapsed]');
const since = Date.now() - (Date.parse(elapsed.dataset.now) - Date.parse(elapsed.dataset.elapsed));

function passed() {
  const minutes = Math.floor((Date.now() - since) / 60_000);
  elapsed.textContent = minutes ? `${minutes} min` : '';
}
setInterval(passed, 5000);

form.addEventListener('input', () => { follow(); remind(); });
showAsked(form);
follow();
remind();
passed();
// A call begins with whether it is safe; whoever comes back goes on where they like.
if (form.elements._version.value === '0' && !document.querySelector('[data-summary]')) {
  form.querySelector('[name="safe_now"]')?.focus({ preventScroll: true });
}
