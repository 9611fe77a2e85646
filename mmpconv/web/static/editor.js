// The editor: what is painted here is sent to the server as a mask, and what comes back is painted on.
// Lengths are in pixels of the photo's preview unless they are said to be of the screen (CSS pixels).
'use strict';

const $ = id => document.getElementById(id);
const TINT = '#ff2f6d';                // of the mask
const OPAQUE = 128;                    // a pixel of the mask is hole from this opacity on
const TILE = 512;                      // side of what history keeps of a stroke
const HISTORY_BYTES = 320 * 2 ** 20;
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

class Problem extends Error {}         // its message is a sentence for the person in front of the page

const state = {
  photo: null,      // as the server describes it
  original: null,   // Picture, once something was filled
  picture: null,    // Picture that is painted on
  tool: 'brush', size: 24, auto: false, comparing: false, divider: 0.5, peeking: false,
  busy: null,       // AbortController of what is going on
  filling: false, saved: true, lastPoint: null, draft: null,
};

// ---------------------------------------------------------------------------------------------- pictures and the mask

function makeCanvas(width, height, options) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.context = canvas.getContext('2d', options);
  return canvas;
}

function copyOf(canvas, x, y, width, height, options) {
  const copy = makeCanvas(width, height, options);
  copy.context.drawImage(canvas, x, y, width, height, 0, 0, width, height);
  return copy;
}

// A picture in several sizes, each half the one before: what is drawn small is drawn quickly, and does not flicker.
class Picture {
  constructor(source, width, height) {
    this.levels = [makeCanvas(width, height)];
    this.canvas = this.levels[0];
    this.canvas.context.drawImage(source, 0, 0);
    while (Math.max(width, height) > 700) {
      [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      this.levels.push(makeCanvas(width, height));
    }
    this.refresh();
  }

  get width() { return this.canvas.width; }
  get height() { return this.canvas.height; }

  refresh() {
    for (let i = 1; i < this.levels.length; i++) {
      const {context, width, height} = this.levels[i];
      context.imageSmoothingQuality = 'medium';
      context.clearRect(0, 0, width, height);
      context.drawImage(this.levels[i - 1], 0, 0, width, height);
    }
  }

  draw(context, scale) {
    let level = 0;
    while (level + 1 < this.levels.length && scale * 2 ** (level + 1) <= 1) level++;
    context.imageSmoothingEnabled = scale < 2.5;
    context.imageSmoothingQuality = 'medium';
    context.drawImage(this.levels[level], 0, 0, this.width, this.height);
  }
}

const mask = {
  canvas: null,
  bounds: null,     // {left, top, right, bottom} of all that may be marked

  reset(width, height) {
    this.canvas = makeCanvas(width, height);
    this.bounds = null;
  },

  cover(area) {
    const {width, height} = this.canvas, before = this.bounds || area;
    this.bounds = {
      left: clamp(Math.floor(Math.min(area.left, before.left)), 0, width),
      top: clamp(Math.floor(Math.min(area.top, before.top)), 0, height),
      right: clamp(Math.ceil(Math.max(area.right, before.right)), 0, width),
      bottom: clamp(Math.ceil(Math.max(area.bottom, before.bottom)), 0, height)};
  },

  // The marked part as a black and white picture, and its place; null if nothing is marked.
  part() {
    const {left, top, right, bottom} = this.bounds || {left: 0, top: 0, right: 0, bottom: 0};
    if (right <= left || bottom <= top) return null;
    const width = right - left, height = bottom - top;
    const copy = copyOf(this.canvas, left, top, width, height, {willReadFrequently: true});
    const pixels = copy.context.getImageData(0, 0, width, height), opacity = pixels.data;
    const colors = new Uint32Array(opacity.buffer);
    const seen = {left: width, top: height, right: 0, bottom: 0};
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (opacity[4 * i + 3] >= OPAQUE) {
          colors[i] = 0xffffffff;
          if (x < seen.left) seen.left = x;
          if (x >= seen.right) seen.right = x + 1;
          if (y < seen.top) seen.top = y;
          seen.bottom = y + 1;
        } else colors[i] = 0xff000000;
      }
    }
    if (!seen.right) return null;
    copy.context.putImageData(pixels, 0, 0);
    return {left: left + seen.left, top: top + seen.top, canvas: copyOf(
      copy, seen.left, seen.top, seen.right - seen.left, seen.bottom - seen.top)};
  },

  // Take a black and white picture for what is marked.
  show(picture) {
    const {width, height} = this.canvas, copy = makeCanvas(width, height, {willReadFrequently: true});
    copy.context.imageSmoothingEnabled = false;
    copy.context.drawImage(picture, 0, 0, width, height);
    const pixels = copy.context.getImageData(0, 0, width, height), colors = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < colors.length; i++) colors[i] = colors[i] & 0x80 ? 0xffffffff : 0;
    copy.context.putImageData(pixels, 0, 0);
    copy.context.globalCompositeOperation = 'source-in';
    copy.context.fillStyle = TINT;
    copy.context.fillRect(0, 0, width, height);
    this.canvas.context.clearRect(0, 0, width, height);
    this.canvas.context.drawImage(copy, 0, 0);
    this.bounds = {left: 0, top: 0, right: width, bottom: height};
  },
};

// ------------------------------------------------------------------------------------------------------------ history

// Keeps what a change is about to cover, tile by tile.
class Recorder {
  constructor() {
    this.tiles = new Map();
    this.bounds = mask.bounds && {...mask.bounds};
  }

  touch(area) {
    const {width, height} = mask.canvas;
    for (let y = Math.max(0, Math.floor(area.top / TILE)); y * TILE < Math.min(area.bottom, height); y++) {
      for (let x = Math.max(0, Math.floor(area.left / TILE)); x * TILE < Math.min(area.right, width); x++) {
        const key = `${x},${y}`;
        if (!this.tiles.has(key)) this.tiles.set(key, keep('mask', x * TILE, y * TILE,
          Math.min(TILE, width - x * TILE), Math.min(TILE, height - y * TILE)));
      }
    }
    mask.cover(area);
  }

  touchAll() { this.touch({left: 0, top: 0, right: mask.canvas.width, bottom: mask.canvas.height}); }

  step(label) { return {label, patches: [...this.tiles.values()], bounds: this.bounds, photo: state.photo, saved: state.saved}; }

  takeBack() { exchange(this.step('')); }
}

function keep(layer, x, y, width, height) {
  const {bounds} = mask;
  const isEmpty = layer === 'mask' && !(bounds && x < bounds.right && y < bounds.bottom && x + width > bounds.left
    && y + height > bounds.top);
  const canvas = layer === 'mask' ? mask.canvas : state.picture.canvas;
  return {layer, x, y, width, height, pixels: isEmpty ? null : copyOf(canvas, x, y, width, height)};
}

// Put back what a step has kept, and keep what was there in its place: undo and redo are the same.
function exchange(step) {
  // Everything is read before anything is drawn: a canvas that is drawn on after it was read is copied by the browser.
  const now = step.patches.map(patch => keep(patch.layer, patch.x, patch.y, patch.width, patch.height).pixels);
  for (const [i, patch] of step.patches.entries()) {
    const {context} = patch.layer === 'mask' ? mask.canvas : state.picture.canvas;
    context.globalCompositeOperation = 'source-over';
    context.clearRect(patch.x, patch.y, patch.width, patch.height);
    if (patch.pixels) context.drawImage(patch.pixels, patch.x, patch.y);
    patch.pixels = now[i];
  }
  if (step.patches.some(patch => patch.layer === 'photo')) state.picture.refresh();
  [step.bounds, mask.bounds] = [mask.bounds, step.bounds];
  [step.photo, state.photo] = [state.photo, step.photo];
  [step.saved, state.saved] = [state.saved, step.saved];
}

const history = {
  past: [], future: [],

  add(step) {
    this.past.push(step);
    this.future = [];
    const bytes = step => step.patches.reduce((sum, patch) => sum + (patch.pixels ? 4 * patch.width * patch.height : 0), 0);
    let total = this.past.reduce((sum, step) => sum + bytes(step), 0);
    while (total > HISTORY_BYTES && this.past.length > 1) total -= bytes(this.past.shift());
    update();
  },

  move(from, to, verb) {
    if (state.busy || gesture.recorder || !from.length) return;
    const step = from.pop();
    exchange(step);
    to.push(step);
    state.lastPoint = null;
    update();
    say(`${verb}: ${step.label}`, true);
  },

  undo() { this.move(this.past, this.future, 'Undone'); },
  redo() { this.move(this.future, this.past, 'Done again'); },
  clear() { this.past = []; this.future = []; },
};

// --------------------------------------------------------------------------------------------------------------- view

const view = {
  canvas: $('view'), context: $('view').getContext('2d'),
  scale: 1, x: 0, y: 0,     // pixels of the screen to one of the photo, and where its corner is
  width: 0, height: 0, fitted: true, drawn: false,

  resize() {
    const box = $('stage').getBoundingClientRect(), density = window.devicePixelRatio || 1;
    this.width = box.width;
    this.height = box.height;
    this.canvas.width = Math.round(box.width * density);
    this.canvas.height = Math.round(box.height * density);
    this.fitted ? this.fit() : this.moved();
  },

  fit() {
    if (!state.picture) return this.show();
    const style = getComputedStyle($('stage')), {picture} = state;
    const [top, right, bottom, left] = ['Top', 'Right', 'Bottom', 'Left'].map(side => parseFloat(style[`padding${side}`]));
    const width = Math.max(40, this.width - left - right), height = Math.max(40, this.height - top - bottom);
    this.scale = Math.min(width / picture.width, height / picture.height, 4);
    this.x = left + (width - picture.width * this.scale) / 2;
    this.y = top + (height - picture.height * this.scale) / 2;
    this.moved();
    this.fitted = true;
  },

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    if (!state.picture) return;
    const {width, height} = state.picture;
    const least = Math.min(1, 60 / Math.max(width, height)), scale = clamp(this.scale * factor, least, 32);
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.moved();
  },

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.moved();
  },

  moved() {
    this.fitted = false;
    if (state.picture) {      // some of the photo stays in sight
      const margin = 48;
      this.x = clamp(this.x, margin - state.picture.width * this.scale, this.width - margin);
      this.y = clamp(this.y, margin - state.picture.height * this.scale, this.height - margin);
    }
    showZoom();
    placeRing();
    this.show();
  },

  toPhoto(event) {
    const box = this.canvas.getBoundingClientRect();
    return {x: (event.clientX - box.left - this.x) / this.scale, y: (event.clientY - box.top - this.y) / this.scale};
  },

  show() {
    if (!this.drawn) requestAnimationFrame(now => this.draw(now));
    this.drawn = true;
  },

  draw(now) {
    this.drawn = false;
    const {context, canvas} = this, density = canvas.width / this.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!state.picture) return;
    const place = () => context.setTransform(density * this.scale, 0, 0, density * this.scale, density * this.x, density * this.y);
    const {width, height} = state.picture, drawn = this.scale * density;
    drawBoard(context, width, height, density);
    place();
    (state.peeking && state.original || state.picture).draw(context, drawn);
    if (state.comparing && !state.peeking && state.original) {
      context.save();
      context.setTransform(density, 0, 0, density, 0, 0);
      context.beginPath();
      context.rect(0, 0, state.divider * this.width, this.height);
      context.clip();
      drawBoard(context, width, height, density);
      place();
      state.original.draw(context, drawn);
      context.restore();
    }
    if (!state.peeking) {
      context.globalAlpha = state.filling && !still.matches ? 0.42 + 0.16 * Math.sin(now / 260) : 0.55;
      context.imageSmoothingEnabled = this.scale < 2.5;
      context.imageSmoothingQuality = 'low';
      if (mask.bounds) {
        const {left, top, right, bottom} = mask.bounds, box = [left, top, right - left, bottom - top];
        if (box[2] > 0 && box[3] > 0) context.drawImage(mask.canvas, ...box, ...box);
      }
      context.globalAlpha = 1;
      drawDraft(context);
    }
    if (state.filling) this.show();
  },
};
const still = matchMedia('(prefers-reduced-motion: reduce)');

// What lies under transparent photos.
function drawBoard(context, width, height, density) {
  if (!state.isTransparent) return;
  if (!drawBoard.pattern) {
    const tile = makeCanvas(16, 16);
    tile.context.fillStyle = '#fff';
    tile.context.fillRect(0, 0, 16, 16);
    tile.context.fillStyle = '#dcdfe4';
    tile.context.fillRect(0, 0, 8, 8);
    tile.context.fillRect(8, 8, 8, 8);
    drawBoard.pattern = context.createPattern(tile, 'repeat');
  }
  const scale = view.scale;
  context.setTransform(density, 0, 0, density, view.x * density, view.y * density);
  context.fillStyle = drawBoard.pattern;
  context.fillRect(0.5, 0.5, width * scale - 1, height * scale - 1);
}

function drawDraft(context) {
  const {draft} = state;
  if (!draft) return;
  trace(context, draft);
  context.globalAlpha = 0.4;
  context.fillStyle = draft.erases ? '#fff' : TINT;
  context.fill();
  context.globalAlpha = 1;
  for (const [color, offset] of [['#000', 0], ['#fff', 5]]) {
    context.lineWidth = 1.5 / view.scale;
    context.setLineDash([5 / view.scale, 5 / view.scale]);
    context.lineDashOffset = offset / view.scale;
    context.strokeStyle = color;
    context.stroke();
  }
  context.setLineDash([]);
}

function trace(context, draft) {
  const [first, last] = [draft.points[0], draft.points.at(-1)];
  context.beginPath();
  if (draft.kind === 'rectangle') context.rect(first.x, first.y, last.x - first.x, last.y - first.y);
  else {
    draft.points.forEach(({x, y}) => context.lineTo(x, y));
    context.closePath();
  }
}

// ------------------------------------------------------------------------------------------- painting, moving, zooming

const pointers = new Map();
const gesture = {kind: null, recorder: null, last: null, erases: false};
let spaceIsDown = false, pointerAt = null;

function areaOf(points, margin) {
  const xs = points.map(({x}) => x), ys = points.map(({y}) => y);
  return {left: Math.min(...xs) - margin, top: Math.min(...ys) - margin, right: Math.max(...xs) + margin,
    bottom: Math.max(...ys) + margin};
}

function paintLine(from, to) {
  gesture.recorder.touch(areaOf([from, to], state.size / 2 + 2));
  const {context} = mask.canvas;
  context.globalCompositeOperation = gesture.erases ? 'destination-out' : 'source-over';
  context.fillStyle = context.strokeStyle = TINT;
  context.lineWidth = state.size;
  context.lineCap = context.lineJoin = 'round';
  context.beginPath();
  if (from.x === to.x && from.y === to.y) {
    context.arc(to.x, to.y, state.size / 2, 0, 7);
    context.fill();
  } else {
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }
  gesture.last = state.lastPoint = to;
  view.show();
}

function begin(event) {
  const at = view.toPhoto(event), {tool} = state;
  gesture.erases = tool === 'eraser' || (event.altKey && tool !== 'hand');
  if (event.button === 1 || spaceIsDown || tool === 'hand' || state.busy) gesture.kind = 'pan';
  else if (event.button !== 0) return;
  else if (tool === 'rectangle' || tool === 'lasso') {
    gesture.kind = 'shape';
    state.draft = {kind: tool, points: [at], erases: gesture.erases};
  } else {
    gesture.kind = 'stroke';
    gesture.recorder = new Recorder();
    paintLine(event.shiftKey && state.lastPoint || at, at);
  }
  document.body.classList.toggle('panning', gesture.kind === 'pan');
}

function go(event, before) {
  if (gesture.kind === 'pan') view.pan(event.clientX - before.clientX, event.clientY - before.clientY);
  else if (gesture.kind === 'stroke') {
    const points = event.getCoalescedEvents?.() || [];
    for (const each of points.length ? points : [event]) paintLine(gesture.last, view.toPhoto(each));
  } else if (gesture.kind === 'shape') {
    state.draft.points.push(view.toPhoto(event));
    view.show();
  }
}

function finish() {
  const {kind, recorder, erases} = gesture, {draft} = state;
  forget();
  if (kind === 'stroke') history.add(recorder.step(erases ? 'eraser' : 'stroke'));
  if (kind === 'shape') {
    const area = areaOf(draft.points, 1);
    if (area.right - area.left < 4 && area.bottom - area.top < 4) return view.show();
    const recorder = new Recorder(), {context} = mask.canvas;
    recorder.touch(area);
    context.globalCompositeOperation = erases ? 'destination-out' : 'source-over';
    context.fillStyle = TINT;
    trace(context, draft);
    context.fill();
    history.add(recorder.step(draft.kind));
  }
  view.show();
  if ((kind === 'stroke' || kind === 'shape') && state.auto && !erases) fill();
}

function forget() {
  Object.assign(gesture, {kind: null, recorder: null, last: null});
  state.draft = null;
  document.body.classList.remove('panning');
}

function giveUp() {
  gesture.recorder?.takeBack();
  forget();
  update();
}

view.canvas.addEventListener('pointerdown', event => {
  if (!state.picture) return;
  view.canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, event);
  moveRing(event);
  if (pointers.size === 1) begin(event);
  else if (pointers.size === 2) {      // two fingers move and zoom; what the first has painted was not meant
    giveUp();
    gesture.kind = 'pinch';
  }
  event.preventDefault();
  view.canvas.focus({preventScroll: true});
});
view.canvas.addEventListener('pointermove', event => {
  moveRing(event);
  const before = pointers.get(event.pointerId);
  if (!before) return;
  if (gesture.kind === 'pinch') {
    const other = [...pointers.values()].find(({pointerId}) => pointerId !== event.pointerId);
    if (other) pinch(before, event, other);
  } else go(event, before);
  pointers.set(event.pointerId, event);
});
for (const name of ['pointerup', 'pointercancel']) {
  view.canvas.addEventListener(name, event => {
    if (!pointers.delete(event.pointerId)) return;
    if (event.pointerType !== 'mouse') { pointerAt = null; placeRing(); }
    if (gesture.kind === 'pinch') { if (!pointers.size) forget(); }
    else if (name === 'pointercancel') giveUp();
    else finish();
  });
}
view.canvas.addEventListener('pointerleave', () => { pointerAt = null; placeRing(); });
view.canvas.addEventListener('contextmenu', event => event.preventDefault());
view.canvas.addEventListener('wheel', event => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 24 : 1, down = (event.deltaY || event.deltaX) * lines;
  if (event.altKey) setSize(state.size * 1.0025 ** -down);
  else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan(-(event.deltaX || event.deltaY) * lines, 0);
  else {
    const box = view.canvas.getBoundingClientRect();
    view.zoom((event.ctrlKey ? 1.01 : 1.0016) ** -clamp(down, -240, 240), event.clientX - box.left, event.clientY - box.top);
  }
}, {passive: false});

function pinch(before, now, other) {
  const box = view.canvas.getBoundingClientRect();
  const distance = event => Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY) || 1;
  view.pan((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
  view.zoom(distance(now) / distance(before), (now.clientX + other.clientX) / 2 - box.left,
    (now.clientY + other.clientY) / 2 - box.top);
}

function moveRing(event) {
  pointerAt = {clientX: event.clientX, clientY: event.clientY};
  placeRing();
}

function placeRing() {
  const isBrush = state.tool === 'brush' || state.tool === 'eraser', ring = $('ring');
  ring.hidden = !(pointerAt && isBrush && state.picture);
  if (ring.hidden) return;
  const box = view.canvas.getBoundingClientRect(), side = Math.max(4, state.size * view.scale);
  ring.style.width = ring.style.height = `${side}px`;
  ring.style.transform = `translate(${pointerAt.clientX - box.left - side / 2}px, ${pointerAt.clientY - box.top - side / 2}px)`;
}

// ----------------------------------------------------------------------------------------------- talking to the server

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem('The server cannot be reached; is mmpconv serve still running?');
  }
  if (answer.ok) return answer;
  const {error} = await answer.json().catch(() => ({}));
  throw new Problem(error || `The server has answered ${answer.status}.`);
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Blob) form.append(name, value, value.name || `${name}.png`);
    else if (value !== undefined && value !== null) form.append(name, value);
  }
  return form;
}

const post = (path, fields, signal) => ask(path, {method: 'POST', body: formOf(fields), signal});
const pictureOf = async answer => createImageBitmap(await answer.blob());
const pngOf = canvas => new Promise(done => canvas.toBlob(done, 'image/png'));

// Do something that takes time: one thing at once, to be cancelled, and with its errors shown.
async function act(text, work) {
  if (state.busy) return;
  state.busy = new AbortController();
  state.progress = {text};
  update();
  try {
    await work(state.busy.signal);
  } catch (error) {
    if (error.name === 'AbortError') say('Cancelled.', true);
    else {
      if (!(error instanceof Problem)) console.error(error);
      complain(error instanceof Problem ? error.message : 'The browser cannot do this; try a smaller photo, or another browser.');
    }
  } finally {
    state.busy = state.progress = null;
    update();
  }
}

function report(text, share = null) {
  state.progress = {text, share};
  update();
}

// What the marked part is called in a request.
async function marked() {
  const part = mask.part();
  if (!part) throw new Problem('Nothing is marked yet: paint over what you want gone.');
  const {width, height} = mask.canvas;
  if (state.photo.width === width && state.photo.height === height) {
    return {mask: await pngOf(part.canvas), place: `${part.left},${part.top}`};
  }
  const whole = makeCanvas(width, height);      // the preview is smaller than the photo
  whole.context.fillRect(0, 0, width, height);
  whole.context.drawImage(part.canvas, part.left, part.top);
  return {mask: await pngOf(whole), resize: 1};
}

function open(file) {
  return act(`Opening ${file.name}…`, async signal => {
    const {limits} = state.status || {};
    if (limits && file.size > limits.upload) throw new Problem(
      `${file.name} is too large: at most ${Math.floor(limits.upload / 2 ** 20)} MB are taken.`);
    const photo = await (await post('/api/photos', {photo: file}, signal)).json();
    const preview = await ask(`/api/photos/${photo.id}/preview`, {signal});
    const isTransparent = preview.headers.get('Content-Type') === 'image/png', shown = await pictureOf(preview);
    if (state.photo) ask(`/api/photos/${state.photo.id}`, {method: 'DELETE'}).catch(() => {});
    const {width, height} = photo.preview;
    state.picture = new Picture(shown, width, height);
    shown.close();
    Object.assign(state, {photo, isTransparent, original: null, saved: true, comparing: false, lastPoint: null});
    mask.reset(width, height);
    history.clear();
    setSize(Math.min(width, height) / 14);
    view.fit();
    for (const note of photo.notes) say(note);
  });
}

function fill() {
  return act('Filling…', async signal => {
    const {photo} = state, begun = performance.now(), request = {...await marked(), model: $('model').value};
    state.filling = true;
    view.show();
    try {
      const done = await follow(await post(`/api/photos/${photo.id}/fill`, request, signal));
      const scale = mask.canvas.width / done.photo.width, [left, top, width, height] = done.changed;
      const x = Math.floor(left * scale), y = Math.floor(top * scale);
      const right = Math.min(mask.canvas.width, Math.ceil((left + width) * scale));
      const bottom = Math.min(mask.canvas.height, Math.ceil((top + height) * scale));
      const box = [x, y, right - x, bottom - y];
      const patch = await pictureOf(await ask(`/api/photos/${done.photo.id}/preview?box=${box}`, {signal}));
      state.original ||= new Picture(state.picture.canvas, state.picture.width, state.picture.height);
      const recorder = new Recorder();
      if (mask.bounds) recorder.touch(mask.bounds);
      const step = recorder.step('filling');
      step.patches.push(keep('photo', ...box));
      mask.canvas.context.clearRect(0, 0, mask.canvas.width, mask.canvas.height);
      mask.bounds = null;
      state.picture.canvas.context.clearRect(...box);
      state.picture.canvas.context.drawImage(patch, x, y);
      state.picture.refresh();
      patch.close();
      Object.assign(state, {photo: done.photo, saved: false, lastPoint: null});
      history.add(step);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      say(`Filled ${(100 * done.share).toFixed(done.share < 0.01 ? 2 : 1)} % of the photo in ${seconds} s.`, true);
      for (const note of done.notes) say(note);
    } finally {
      state.filling = false;
    }
  });
}

// Read what the server reports while it fills.
async function follow(answer) {
  const reader = answer.body.getReader(), decoder = new TextDecoder();
  for (let text = ''; ;) {
    const {done, value} = await reader.read();
    text += decoder.decode(value, {stream: !done});
    const lines = text.split('\n');
    text = lines.pop();
    for (const line of lines) {
      const step = JSON.parse(line);
      if (step.state === 'done') return step;
      if (step.state === 'failed') throw new Problem(step.error);
      if (step.state === 'loading') report('Loading the model…');
      else if (step.state === 'waiting') report(step.ahead ? `Waiting, ${step.ahead} before you…` : 'Waiting for your turn…');
      else report(step.total > 1 ? `Filling… ${step.done} of ${step.total}` : 'Filling…', step.total > 1 ? step.done / step.total : null);
    }
    if (done) throw new Problem('The server has stopped in the midst of it; try again.');
  }
}

function loadMask(file) {
  return act(`Opening ${file.name}…`, async signal => {
    const answer = await post(`/api/photos/${state.photo.id}/mask`, {mask: file}, signal);
    changeMask('mask from a file', await pictureOf(answer));
    for (const note of JSON.parse(answer.headers.get('X-Notes') || '[]')) say(note);
  });
}

function growMask() {
  return act('Growing…', async signal => {
    const grow = Math.round(Number($('grow-by').value));
    if (!(grow >= 1 && grow <= 500)) throw new Problem('Grow by 1 to 500 pixels.');
    const answer = await post(`/api/photos/${state.photo.id}/mask`, {...await marked(), grow}, signal);
    changeMask('growing', await pictureOf(answer));
  });
}

function saveMask() {
  return act('Making the mask…', async signal => {
    const answer = await post(`/api/photos/${state.photo.id}/mask`, await marked(), signal);
    hand(await answer.blob(), `${stem()}-mask.png`);
  });
}

function changeMask(label, picture) {
  const recorder = new Recorder();
  recorder.touchAll();
  mask.show(picture);
  picture.close();
  history.add(recorder.step(label));
}

function invertMask() {
  const recorder = new Recorder(), {context, width, height} = mask.canvas;
  recorder.touchAll();
  context.globalCompositeOperation = 'source-out';
  context.fillStyle = TINT;
  context.fillRect(0, 0, width, height);
  history.add(recorder.step('invert'));
}

function clearMask() {
  if (!mask.bounds) return;
  const recorder = new Recorder();
  recorder.touch(mask.bounds);
  mask.canvas.context.clearRect(0, 0, mask.canvas.width, mask.canvas.height);
  mask.bounds = null;
  history.add(recorder.step('clear'));
}

const stem = () => state.photo.name.replace(/\.[^.]*$/, '') || 'photo';

function hand(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function download(format) {
  return act('Writing the file…', async signal => {
    const answer = await ask(`/api/photos/${state.photo.id}/file?format=${format}`, {signal});
    hand(await answer.blob(), `${stem()}-filled.${format}`);
    state.saved = true;
  });
}

function copyPhoto() {
  return act('Copying…', async signal => {
    if (!navigator.clipboard?.write || !window.ClipboardItem) throw new Problem(
      'The browser copies pictures only on this machine or over https; use Download.');
    const picture = ask(`/api/photos/${state.photo.id}/preview?format=png`, {signal}).then(answer => answer.blob());
    try {
      await navigator.clipboard.write([new ClipboardItem({'image/png': picture})]);
    } catch (error) {
      await picture;
      throw new Problem('The browser does not let this page copy; use Download.');
    }
    say('Copied.', true);
  });
}

async function openSample() {
  await act('Opening the sample…', async signal => {
    const content = await (await ask('/static/sample.jpg', {signal})).blob();
    openSample.file = new File([content], 'rocket.jpg', {type: 'image/jpeg'});
  });
  if (openSample.file) await open(openSample.file);
}

// ------------------------------------------------------------------------------------------------ what the page shows

const messages = {error: '', notes: []};

function complain(sentence) {
  messages.error = sentence;
  showMessages();
}

function say(sentence, isPassing = false) {
  messages.notes.push(sentence);
  showMessages();
  clearTimeout(say.timer);
  if (isPassing && messages.notes.length === 1) say.timer = setTimeout(forgetMessages, 4000);
}

function forgetMessages() {
  clearTimeout(say.timer);
  Object.assign(messages, {error: '', notes: []});
  showMessages();
}

function showMessages() {
  $('error').textContent = messages.error;
  $('note').textContent = messages.notes.join(' ');
  $('message').hidden = !(messages.error || messages.notes.length);
  $('message').classList.toggle('wrong', !!messages.error);
}

function update() {
  const {photo, busy, progress} = state, ready = !!photo && !busy;
  document.body.dataset.state = busy ? 'busy' : photo ? 'ready' : 'empty';
  document.body.toggleAttribute('data-opening', !!busy && !photo);
  document.body.dataset.tool = state.tool;
  for (const id of ['original', 'compare', 'copy', 'download', 'fill', 'mask']) $(id).disabled = !ready;
  $('open').disabled = !!busy;
  $('undo').disabled = !ready || !history.past.length;
  $('redo').disabled = !ready || !history.future.length;
  $('compare').setAttribute('aria-pressed', state.comparing);
  $('auto').setAttribute('aria-pressed', state.auto);
  for (const button of document.querySelectorAll('[data-tool].tool')) {
    const isOn = button.dataset.tool === state.tool;
    button.setAttribute('aria-checked', isOn);
    button.tabIndex = isOn ? 0 : -1;
  }
  $('divider').hidden = !(state.comparing && photo);
  $('divider').style.left = `${100 * state.divider}%`;
  $('divider').setAttribute('aria-valuenow', Math.round(100 * state.divider));
  $('progress').hidden = !busy;
  if (progress) {
    $('progress-text').textContent = progress.text;
    const bar = $('progress-bar'), isKnown = typeof progress.share === 'number';
    isKnown ? bar.setAttribute('aria-valuenow', Math.round(100 * progress.share)) : bar.removeAttribute('aria-valuenow');
    bar.style.setProperty('--share', isKnown ? progress.share : 0);
  }
  if (photo) {
    $('title').replaceChildren(Object.assign(document.createElement('b'), {textContent: photo.name}),
      `  ${photo.width} × ${photo.height}`);
    $('view').setAttribute('aria-label', `${photo.name}, ${photo.width} by ${photo.height} pixels, to paint on`);
    document.title = `${state.saved ? '' : '• '}${photo.name}: mmpconv`;
  }
  showZoom();
  placeRing();
  view.show();
}

function showZoom() {
  if (!state.photo) return;
  const share = view.scale * (window.devicePixelRatio || 1) * mask.canvas.width / state.photo.width;
  $('zoom-level').textContent = `${Math.round(100 * share)}%`;
}

function setSize(size) {
  const most = state.picture ? Math.max(20, Math.min(state.picture.width, state.picture.height) / 2) : 400;
  state.size = clamp(Math.round(size) || 1, 1, Math.round(most));
  const slider = $('size');
  slider.value = 100 * Math.log(state.size) / Math.log(most);
  slider.setAttribute('aria-valuetext', `${state.size} pixels`);
  $('size-shown').textContent = state.size;
  placeRing();
}

function setTool(tool) {
  if (gesture.kind) return;
  state.tool = tool;
  update();
}

function toggleMenu(button, menu, isOpen = menu.hidden) {
  menu.hidden = !isOpen;
  button.setAttribute('aria-expanded', isOpen);
  if (isOpen) {
    menu.style.left = '';
    const {left, right} = menu.getBoundingClientRect();
    if (right > innerWidth - 8) menu.style.left = `${innerWidth - 8 - right}px`;
    if (left < 8) menu.style.left = `${8 - left}px`;
  }
}

function closeMenus() {
  const wereOpen = document.querySelectorAll('.menu:not([hidden])');
  for (const menu of wereOpen) toggleMenu(menu.previousElementSibling, menu, false);
  return wereOpen.length > 0;
}

async function showStatus() {
  try {
    state.status = await (await ask('/api/status')).json();
  } catch {
    return void setTimeout(showStatus, 5000);
  }
  const {models, limits} = state.status, select = $('model'), chosen = select.value || state.status.default;
  const words = {loading: ' (loading…)', failed: ' (cannot be loaded)'};
  select.replaceChildren(...models.map(model => Object.assign(document.createElement('option'), {
    value: model.name, textContent: model.title + (words[model.state] || ''), title: model.error || model.description})));
  select.value = chosen;
  select.title = models.find(({name}) => name === chosen)?.description || '';
  $('limits').textContent = `Up to ${Math.floor(limits.upload / 2 ** 20)} MB and ${Math.floor(limits.pixels / 1e6)} megapixels; `
    + `photos go to this server only, and are deleted after ${limits.keep_minutes} minutes.`;
  document.body.dataset.model = models.find(({name}) => name === state.status.default).state;
  if (models.some(model => model.state === 'loading')) setTimeout(showStatus, 1000);
}

// ------------------------------------------------------------------------------------------------- buttons, keys, files

const can = action => () => { if (state.photo && !state.busy) action(); };
const actions = {
  'open': () => state.busy || $('photo-file').click(), 'welcome-open': () => $('photo-file').click(), 'sample': openSample,
  'undo': () => history.undo(), 'redo': () => history.redo(), 'copy': can(copyPhoto), 'fill': can(fill),
  'compare': can(() => { state.comparing = !state.comparing; update(); }),
  'auto': () => { state.auto = !state.auto; update(); },
  'help': () => $('help-dialog').showModal(), 'cancel': () => state.busy?.abort(),
  'zoom-in': () => view.zoom(1.4), 'zoom-out': () => view.zoom(1 / 1.4), 'fit': () => view.fit(),
  'zoom-level': () => view.zoom(state.photo.width / (mask.canvas.width * (window.devicePixelRatio || 1) * view.scale)),
  'mask': can(() => toggleMenu($('mask'), $('mask-menu'))),
  'mask-open': can(() => $('mask-file').click()), 'mask-save': can(saveMask), 'mask-invert': can(invertMask),
  'mask-clear': can(clearMask), 'mask-grow': can(growMask),
  'download': can(() => {
    const {files} = state.photo, kinds = {png: 'all other pixels as they are', jpg: 'as the photo, compressed anew'};
    if (files.length === 1) return download(files[0]);
    $('download-menu').replaceChildren(...files.map(format => {
      const button = Object.assign(document.createElement('button'), {type: 'button', textContent: format.toUpperCase()});
      button.setAttribute('role', 'menuitem');
      button.append(Object.assign(document.createElement('small'), {textContent: kinds[format] || kinds.png}));
      button.addEventListener('click', () => { closeMenus(); download(format); });
      return button;
    }));
    toggleMenu($('download'), $('download-menu'));
  }),
};
for (const [id, action] of Object.entries(actions)) {
  $(id).addEventListener('click', event => {
    if (!['mask', 'download'].includes(id)) closeMenus();
    action();
    // Who uses a mouse goes on with keys of the photo, not of the button.
    if (event.detail && id !== 'help') view.canvas.focus({preventScroll: true});
  });
}
for (const button of document.querySelectorAll('.tool')) {
  button.addEventListener('click', event => {
    setTool(button.dataset.tool);
    if (event.detail) view.canvas.focus({preventScroll: true});
  });
}
$('tools').addEventListener('keydown', event => {
  const way = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
  if (!way) return;
  const tools = [...document.querySelectorAll('.tool')];
  const next = tools[(tools.indexOf(document.activeElement) + way + tools.length) % tools.length];
  setTool(next.dataset.tool);
  next.focus();
  event.preventDefault();
});
$('size').addEventListener('input', () => {
  const most = state.picture ? Math.max(20, Math.min(state.picture.width, state.picture.height) / 2) : 400;
  setSize(most ** ($('size').value / 100));
});
$('size').addEventListener('wheel', event => {
  event.preventDefault();
  setSize(state.size * 1.0025 ** -event.deltaY);
}, {passive: false});
$('model').addEventListener('change', () => {
  $('model').title = $('model').selectedOptions[0].title;
});
for (const [id, take] of [['photo-file', open], ['mask-file', loadMask]]) {
  $(id).addEventListener('change', () => {
    const [file] = $(id).files;
    $(id).value = '';
    if (file) take(file);
  });
}

// The original, as long as the button or the key is held.
function peek(isOn) {
  state.peeking = isOn && !!state.photo;
  $('original').classList.toggle('held', state.peeking);
  update();
}
$('original').addEventListener('pointerdown', () => peek(true));
for (const name of ['pointerup', 'pointercancel', 'pointerleave', 'blur']) $('original').addEventListener(name, () => state.peeking && peek(false));
$('original').addEventListener('keydown', event => { if (event.key === ' ' || event.key === 'Enter') peek(true); });
$('original').addEventListener('keyup', () => peek(false));

function setDivider(share) {
  state.divider = clamp(share, 0, 1);
  update();
}
$('divider').addEventListener('pointerdown', event => {
  $('divider').setPointerCapture(event.pointerId);
  event.preventDefault();
  $('divider').focus();
});
$('divider').addEventListener('pointermove', event => {
  if (!$('divider').hasPointerCapture(event.pointerId)) return;
  const box = $('stage').getBoundingClientRect();
  setDivider((event.clientX - box.left) / box.width);
});
$('divider').addEventListener('keydown', event => {
  const way = {ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, Home: -1, End: 1}[event.key];
  if (way) setDivider(state.divider + way);
});

const keys = {
  'b': () => setTool('brush'), 'e': () => setTool('eraser'), 'r': () => setTool('rectangle'), 'l': () => setTool('lasso'),
  'h': () => setTool('hand'), '[': () => setSize(Math.min(state.size - 1, state.size / 1.15)),
  ']': () => setSize(Math.max(state.size + 1, state.size * 1.15)), 'i': actions['mask-invert'], 'delete': actions['mask-clear'],
  'backspace': actions['mask-clear'], 'enter': actions.fill, 'a': actions.auto, 'c': actions.compare, 'o': can(() => peek(true)),
  '+': actions['zoom-in'], '=': actions['zoom-in'], '-': actions['zoom-out'], '0': actions.fit, 'f': actions.fit,
  '1': can(actions['zoom-level']), '?': actions.help, 'm': actions.mask,
};
const keysWithControl = {
  'z': event => event.shiftKey ? history.redo() : history.undo(), 'y': () => history.redo(), 's': actions.download,
  'o': actions.open, 'c': () => String(getSelection()) ? false : actions.copy(),
};

addEventListener('keydown', event => {
  if ($('help-dialog').open) return;
  const {target} = event, key = event.key.toLowerCase(), control = event.ctrlKey || event.metaKey;
  if (key === 'escape') {
    if (closeMenus()) return;
    if (gesture.kind) giveUp();
    else state.busy?.abort();
    forgetMessages();
    return;
  }
  const types = target.matches?.('input[type="number"], select, textarea'), onButton = target.matches?.('button, a');
  if (types || (onButton && (key === ' ' || key === 'enter'))) return;
  if (key === ' ' && !control) {
    spaceIsDown = true;
    document.body.classList.add('panning');
    return event.preventDefault();
  }
  const action = control ? keysWithControl[key] : event.altKey ? null : keys[key];
  if (!action || (event.repeat && !'[]+-z=y'.includes(key))) return;
  if (!event.repeat) forgetMessages();
  if (action(event) !== false) event.preventDefault();
});
addEventListener('keyup', event => {
  const key = event.key.toLowerCase();
  if (key === 'o' && state.peeking) peek(false);
  if (key === ' ') {
    spaceIsDown = false;
    if (gesture.kind !== 'pan') document.body.classList.remove('panning');
  }
});
addEventListener('blur', () => {
  spaceIsDown = false;
  if (state.peeking) peek(false);
});

// What was said is gone with the next thing that is done; a menu closes when something else is pressed.
addEventListener('pointerdown', event => {
  forgetMessages();
  if (!event.target.closest('.has-menu')) closeMenus();
}, {capture: true});

let dragged = 0;
const carriesFiles = event => [...event.dataTransfer.types].includes('Files');
addEventListener('dragenter', event => { if (carriesFiles(event)) { dragged++; $('drop').hidden = false; } });
addEventListener('dragleave', event => { if (carriesFiles(event) && --dragged <= 0) { dragged = 0; $('drop').hidden = true; } });
addEventListener('dragover', event => event.preventDefault());
addEventListener('drop', event => {
  event.preventDefault();
  dragged = 0;
  $('drop').hidden = true;
  take([...event.dataTransfer.files]);
});
addEventListener('paste', event => {
  if (event.clipboardData.files.length) take([...event.clipboardData.files]);
});

function take(files) {
  forgetMessages();
  if (!files.length) complain('That is no file; drop a photo.');
  else open(files[0]);
}

addEventListener('beforeunload', event => { if (!state.saved) event.preventDefault(); });
addEventListener('pagehide', event => {
  if (state.photo && !event.persisted) fetch(`/api/photos/${state.photo.id}`, {method: 'DELETE', keepalive: true});
});
// An open page keeps its photo.
setInterval(() => { if (state.photo) fetch(`/api/photos/${state.photo.id}`).catch(() => {}); }, 240_000);

new ResizeObserver(() => view.resize()).observe($('stage'));
setSize(24);
update();
showStatus();
window.editor = {state, mask, view, history};
