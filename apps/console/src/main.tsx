import { render } from 'preact';
import { Live } from './model/live.ts';
import { conversationLink, parseRoute } from './model/route.ts';
import { App } from './view/app.tsx';

history.scrollRestoration = 'manual';
const live = new Live();
/** The scroll position of each view, for a reader that returns to it. */
const scrolled = new Map<string, number>();
let hash = location.hash;

const go = () => {
  scrolled.set(hash, scrollY);
  const route = parseRoute(location.hash);
  // The token of a share link stays in no history and on no screen.
  if (route.view === 'conversation' && route.share !== undefined)
    history.replaceState(null, '', conversationLink(route.id, route.seq));
  hash = location.hash;
  live.go(route);
};
addEventListener('hashchange', () => {
  const before = live.open;
  go();
  // Immediately: a later scroll would count as one of the reader and would stop following the end.
  if (live.open && live.open !== before) scrollTo(0, 0);
  if (!live.open) requestAnimationFrame(() => scrollTo(0, scrolled.get(hash) ?? 0));
});
go();
const root = document.getElementById('app');
if (root) render(<App live={live} />, root);
