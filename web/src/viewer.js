// The diagram of a process on a page that already says the same in words: the picture may come
// late, or never, and nobody is the poorer for it.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

const FONT = '"Atkinson Hyperlegible Next"';
const READABLE = 0.8; // below this zoom the words in a box are under 10 px

for (const region of document.querySelectorAll('[data-diagram]')) {
  draw(region).catch(() => {
    region.dataset.ready = 'failed';
    region.querySelector('[data-diagram-state]').textContent = region.dataset.failed;
  });
}

async function draw(region) {
  const canvasElement = region.querySelector('[data-diagram-canvas]');
  const [xml, trace] = await Promise.all([fetchText(region.dataset.diagram), fetchTrace(region)]);
  await document.fonts.load(`12px ${FONT}`); // measured before it is drawn, or words would not fit
  const viewer = new NavigatedViewer({
    container: canvasElement,
    textRenderer: { defaultStyle: { fontFamily: `${FONT}, sans-serif` }, externalStyle: { fontFamily: `${FONT}, sans-serif` } },
  });
  await viewer.importXML(xml);
  region.querySelector('[data-diagram-state]').remove();
  hideFromReaders(canvasElement);
  showTrace(viewer, trace);
  place(viewer, trace);
  connectControls(region, viewer, trace);
  connectRows(viewer);
  region.dataset.ready = 'true';
}

async function fetchText(address) {
  const answer = await fetch(address, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

async function fetchTrace(region) {
  if (!region.dataset.trace) return { nodes: {}, flows: [] };
  return JSON.parse(await fetchText(region.dataset.trace));
}

// The outline beside the picture is the text twin; hundreds of unnamed shapes would only be noise.
// The mark of bpmn.io stays what it is: a link, visible and on top.
function hideFromReaders(canvasElement) {
  canvasElement.querySelector('svg').setAttribute('aria-hidden', 'true');
  canvasElement.querySelector('svg').setAttribute('focusable', 'false');
  // it listens to focus, which makes it a stop of Tab unless it says otherwise
  canvasElement.querySelector('svg').setAttribute('tabindex', '-1');
}

function showTrace(viewer, { nodes, flows = [] }) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const elements = viewer.get('elementRegistry');
  for (const [id, { state, label }] of Object.entries(nodes)) {
    if (!elements.get(id)) continue;
    canvas.addMarker(id, `is-${state}`);
    if (label) overlays.add(id, { position: { top: -24, left: 0 }, scale: false, html: badge(state, label) });
  }
  for (const id of flows) if (elements.get(id)) canvas.addMarker(id, 'is-taken');
}

function badge(state, label) {
  const element = document.createElement('span');
  element.className = `diagram-badge diagram-badge-${state}`;
  element.textContent = label;
  return element;
}

// Whole diagram if its words can be read then; else readable, with the present step in the middle.
function place(viewer, { nodes }) {
  const canvas = viewer.get('canvas');
  canvas.zoom('fit-viewport', 'auto');
  if (canvas.zoom() >= READABLE) {
    if (canvas.zoom() > 1) canvas.zoom(1, 'auto');
    return;
  }
  canvas.zoom(READABLE);
  const elements = viewer.get('elementRegistry');
  const states = ['failed', 'late', 'now', 'waits']; // the first that there is
  const present = states.map((state) => Object.keys(nodes).find((id) => nodes[id].state === state && elements.get(id))).find(Boolean);
  if (present) return centre(canvas, elements.get(present));
  const first = elements.find((e) => e.type === 'bpmn:StartEvent');
  const view = canvas.viewbox();
  if (first) canvas.viewbox({ ...view, x: first.x - 140, y: first.y - view.height / 2 });
}

function centre(canvas, element) {
  if (!element) return;
  const view = canvas.viewbox();
  canvas.viewbox({
    x: element.x + (element.width ?? 0) / 2 - view.width / 2,
    y: element.y + (element.height ?? 0) / 2 - view.height / 2,
    width: view.width,
    height: view.height,
  });
}

function connectControls(region, viewer, trace) {
  const canvas = viewer.get('canvas');
  const steps = {
    in: () => canvas.zoom(Math.min(canvas.zoom() * 1.25, 3)),
    out: () => canvas.zoom(Math.max(canvas.zoom() / 1.25, 0.2)),
    fit: () => canvas.zoom('fit-viewport', 'auto'),
    now: () => place(viewer, trace),
    left: () => canvas.scroll({ dx: 160, dy: 0 }),
    right: () => canvas.scroll({ dx: -160, dy: 0 }),
    up: () => canvas.scroll({ dx: 0, dy: 120 }),
    down: () => canvas.scroll({ dx: 0, dy: -120 }),
  };
  const keys = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit', ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
  for (const button of region.querySelectorAll('[data-diagram-do]')) {
    button.hidden = false;
    button.addEventListener('click', () => steps[button.dataset.diagramDo]());
  }
  region.querySelector('[data-diagram-canvas]').addEventListener('keydown', (event) => {
    const step = keys[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    steps[step]();
  });
}

// A line of the history or of the outline and its node on the diagram point at each other. A finding
// may point along a path as well: the way on which its rule is broken.
function connectRows(viewer) {
  const canvas = viewer.get('canvas');
  const elements = viewer.get('elementRegistry');
  let marked = null;
  let along = [];
  const follow = (ids) => {
    for (const id of along) canvas.removeMarker(id, 'is-along');
    along = ids.filter((id) => elements.get(id));
    for (const id of along) canvas.addMarker(id, 'is-along');
  };
  const mark = (id, path = []) => {
    if (marked) canvas.removeMarker(marked, 'is-pointed');
    follow(path);
    marked = elements.get(id) ? id : null;
    if (marked) {
      canvas.addMarker(marked, 'is-pointed');
      centre(canvas, elements.get(marked));
    }
    for (const row of document.querySelectorAll('[data-element]')) {
      row.classList.toggle('is-pointed', row.dataset.element === marked);
    }
  };
  for (const button of document.querySelectorAll('[data-points-at]')) {
    button.hidden = false;
    const path = (button.dataset.along ?? '').split(' ').filter(Boolean);
    button.addEventListener('click', () => mark(button.dataset.pointsAt, path));
  }
  viewer.get('eventBus').on('element.click', ({ element }) => {
    mark(element.id);
    const row = document.querySelector(`[data-element="${CSS.escape(element.id)}"]`);
    row?.closest('details')?.setAttribute('open', '');
    row?.scrollIntoView({ block: 'nearest' });
  });
}
