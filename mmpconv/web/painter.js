// The photo with the strokes that are painted on it. Strokes are kept as lines in pixels of the photo,
// so that the server paints them again at full size, whatever the size on the screen.
const painter = {
  photo: null, mask: null, strokes: [], current: null, size: 20, erases: false,

  find(name) { return document.querySelector(`#stage .${name}`); },

  // photo: {source, width, height}, the upright size at full resolution; null where there is none.
  showPhoto(photo) {
    Object.assign(painter, {photo, mask: null, strokes: [], current: null});
    painter.find('picture').src = photo ? photo.source : '';
    document.querySelector('#stage').classList.toggle('empty', !photo);
    // Tall photos stay on the screen as a whole.
    if (photo) painter.find('easel').style.maxWidth = `${60 * photo.width / photo.height}vh`;
    const canvas = painter.find('strokes');
    const shrunk = photo ? Math.min(1, 2048 / Math.max(photo.width, photo.height)) : 0;
    canvas.width = Math.max(1, Math.round(photo?.width * shrunk || 0));
    canvas.height = Math.max(1, Math.round(photo?.height * shrunk || 0));
    painter.draw();
  },

  // source: a picture that is opaque where the uploaded mask has holes; empty where there is no mask.
  showMask(source) {
    painter.mask = null;
    painter.draw();
    if (!source) return;
    const mask = new Image();
    mask.onload = () => { painter.mask = mask; painter.draw(); };
    mask.src = source;
  },

  draw() {
    const canvas = painter.find('strokes');
    const brush = canvas.getContext('2d');
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    if (!painter.photo) return;
    brush.imageSmoothingEnabled = false;
    if (painter.mask) brush.drawImage(painter.mask, 0, 0, canvas.width, canvas.height);
    brush.scale(canvas.width / painter.photo.width, canvas.height / painter.photo.height);
    brush.lineCap = brush.lineJoin = 'round';
    brush.strokeStyle = '#e11d48';
    for (const stroke of painter.strokes) {
      brush.globalCompositeOperation = stroke.erases ? 'destination-out' : 'source-over';
      brush.lineWidth = stroke.size;
      brush.beginPath();
      brush.moveTo(...stroke.points[0]);
      for (const point of stroke.points) brush.lineTo(...point);
      brush.stroke();
    }
    brush.globalCompositeOperation = 'source-over';
  },

  place(event) {
    const box = painter.find('strokes').getBoundingClientRect();
    const scale = painter.photo.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]
      .map(coordinate => Math.round(coordinate * 100) / 100);
  },

  ring(event) {
    const ring = painter.find('ring');
    const box = painter.find('strokes').getBoundingClientRect();
    const width = painter.size * box.width / painter.photo.width;
    Object.assign(ring.style, {width: `${width}px`, height: `${width}px`, left: `${event.clientX - box.left}px`,
                               top: `${event.clientY - box.top}px`});
  },

  start(event) {
    if (!painter.photo || !event.isPrimary || event.button) return;
    event.preventDefault();
    event.target.setPointerCapture(event.pointerId);
    painter.current = {size: painter.size, erases: painter.erases, points: [painter.place(event)]};
    painter.strokes.push(painter.current);
    painter.draw();
  },

  move(event) {
    if (!painter.photo) return;
    painter.ring(event);
    if (!painter.current) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) painter.current.points.push(painter.place(step));
    painter.draw();
  },

  end() { painter.current = null; },

  undo() { painter.strokes.pop(); painter.current = null; painter.draw(); },

  clear() { painter.strokes = []; painter.current = null; painter.draw(); },
};

window.painter = painter;
const onCanvas = action => event => { if (event.target.closest?.('#stage .strokes')) action(event); };
document.addEventListener('pointerdown', onCanvas(painter.start));
document.addEventListener('pointermove', onCanvas(painter.move));
for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, painter.end);
document.addEventListener('keydown', event => {
  const typing = event.target.matches?.('input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea');
  if ((event.ctrlKey || event.metaKey) && event.key === 'z' && !typing) { event.preventDefault(); painter.undo(); }
});
