import { render } from 'preact';
import { Live } from './model/live.ts';
import { parseRoute } from './model/route.ts';
import { App } from './view/app.tsx';

history.scrollRestoration = 'manual';
const live = new Live();
/** Where each view was scrolled to, for a reader who comes back. */
const scrolled = new Map<string, number>();
let hash = location.hash;

const go = () => {
  scrolled.set(hash, scrollY);
  hash = location.hash;
  live.go(parseRoute(hash));
};
addEventListener('hashchange', () => {
  const before = live.open;
  go();
  // At once: a later scroll would look like one of the reader, who then no longer follows the end.
  if (live.open && live.open !== before) scrollTo(0, 0);
  if (!live.open) requestAnimationFrame(() => scrollTo(0, scrolled.get(hash) ?? 0));
});
go();
const root = document.getElementById('app');
if (root) render(<App live={live} />, root);
