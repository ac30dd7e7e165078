// Whether a condition of a form holds, with FEEL's three values: true, false and null (not known).
// The server evaluates the same condition; both must agree (tests/forms/conditions.json).

const kinds = {
  number: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Moment && value.kind === 'date',
  time: (value) => value instanceof Moment && value.kind === 'time',
  list: Array.isArray,
};
const kindOf = (value) => Object.keys(kinds).find((kind) => kinds[kind](value));

export class Moment {
  constructor(kind, text) {
    this.kind = kind;
    this.text = text;
  }
}

// Say whether ``tree`` is exactly true. ``read(name, kind)`` gives the answer of an input.
export const holds = (tree, read) => evaluate(tree, read) === true;

export function evaluate(tree, read) {
  if (!Array.isArray(tree)) return tree;
  const [operator, ...rest] = tree;
  const value = (part) => evaluate(part, read);
  switch (operator) {
    case 'key': return read(...rest);
    case 'date':
    case 'time': return new Moment(operator, rest[0]);
    case 'list': return rest.map(value);
    case 'and': return every(rest.map(value));
    case 'or': return negated(every(rest.map((part) => negated(value(part)))));
    case 'not': return negated(value(rest[0]));
    case 'in': return isIn(value(rest[0]), rest.slice(1), value);
    default: return compare(operator, value(rest[0]), value(rest[1]));
  }
}

const negated = (value) => (typeof value === 'boolean' ? !value : null);

function every(values) {
  if (values.includes(false)) return false;
  return values.every((value) => value === true) ? true : null;
}

function compare(operator, left, right) {
  if (operator === '!=') return negated(compare('=', left, right));
  if (left === null || right === null) return operator === '=' ? left === right : null;
  const kind = kindOf(left);
  if (kind !== kindOf(right)) return null;
  const [a, b] = left instanceof Moment ? [left.text, right.text] : [left, right];
  if (operator === '=') return kind === 'list' ? isSameList(a, b) : a === b;
  if (kind === 'boolean' || kind === 'list') return null;
  return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[operator];
}

const isSameList = (a, b) => a.length === b.length && a.every((item, at) => compare('=', item, b[at]) === true);

function isIn(value, tests, evaluated) {
  return negated(every(tests.map((test) => negated(passes(value, test, evaluated)))));
}

function passes(value, test, evaluated) {
  if (Array.isArray(test) && test[0] === 'is') return compare(test[1], value, evaluated(test[2]));
  if (Array.isArray(test) && test[0] === 'range') {
    const [, low, high, closedLow, closedHigh] = test;
    return every([
      low === null ? true : compare(closedLow ? '>=' : '>', value, evaluated(low)),
      high === null ? true : compare(closedHigh ? '<=' : '<', value, evaluated(high)),
    ]);
  }
  const among = evaluated(test);
  if (Array.isArray(among) && !Array.isArray(value)) return among.some((item) => compare('=', value, item) === true);
  return compare('=', value, among);
}

// -- what is typed ------------------------------------------------------------------------------

// Return what ``typed`` means as an answer of ``kind``; null for what cannot be read.
export function meaning(kind, typed) {
  switch (kind) {
    case 'checkbox': return typed === true;
    case 'checklist': return typed;
    case 'number': return number(typed);
    case 'date': return date(typed);
    case 'time': return clock(typed);
    case 'datetime': return instant(typed);
    case 'files': return null;
    default: return typed.trim() === '' ? null : typed.replace(/\r\n?/g, '\n').trim();
  }
}

function number(typed) {
  const text = typed.replace(/\s/g, '');
  return /^[+-]?(\d{1,3}(,\d{3}){1,4}|\d{1,15})(\.\d{1,10})?$/.test(text) ? Number(text.replaceAll(',', '')) : null;
}

function date({ day, month, year }) {
  const pasted = /^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$/.exec(day.trim());
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day.trim());
  const [d, m, y] = (pasted?.slice(1) ?? iso?.slice(1).reverse() ?? [day, month, year]).map((part) => part.trim());
  if (!/^\d{1,2}$/.test(d) || !/^\d{1,2}$/.test(m) || !/^\d{4}$/.test(y) || y < 1900 || y > 2199) return null;
  const found = new Date(Date.UTC(y, m - 1, d));
  const isReal = found.getUTCMonth() === m - 1 && found.getUTCDate() === Number(d);
  return isReal ? new Moment('date', found.toISOString().slice(0, 10)) : null;
}

// Of an instant it only matters here whether there is one.
function instant({ day, month, year, time }) {
  const [on, at] = [date({ day, month, year }), clock(time)];
  return on && at && new Moment('datetime', `${on.text}T${at.text}`);
}

function clock(typed) {
  const found = /^([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d))?$/.exec(typed.trim());
  return found && new Moment('time', `${found[1].padStart(2, '0')}:${found[2]}:${found[3] ?? '00'}`);
}
