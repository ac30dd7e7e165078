// Results of a search: moving through them with the keyboard, and coming back to the page.
import { on } from './app.js';

// The answer came by POST. Coming back from a case asks for the empty page again, not for the words.
history.replaceState(null, '', location.pathname);

const hits = [...document.querySelectorAll('[data-hit]')];
const at = () => hits.indexOf(document.activeElement);

function go(to) {
  if (!hits.length) return false;
  hits[Math.max(0, Math.min(hits.length - 1, to))].focus();
  return true;
}

on('next', () => go(at() + 1));
on('previous', () => go(at() < 0 ? hits.length - 1 : at() - 1));
on('first', () => go(0));
on('last', () => go(hits.length - 1));

document.querySelector('[data-found] h2')?.focus();
