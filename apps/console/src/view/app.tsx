import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import type { Route } from '../model/route.ts';
import { AgentsPage } from './agents-view.tsx';
import { ConversationPage } from './conversation/conversation-view.tsx';
import { NewPage } from './new/new-view.tsx';
import { OverviewPage } from './overview-view.tsx';
import { ComparePage } from './runs/compare-view.tsx';
import { RunsPage } from './runs/runs-view.tsx';
import { SignIn } from './sign-in.tsx';
import { useChanges } from './use.ts';

const linkWords = { live: 'live', connecting: 'connecting…', 'signed-out': 'signed out' } as const;

const Bar = ({ live }: { readonly live: Live }) => {
  const { route, me, link } = live;
  const to = (href: string, text: string, isHere: boolean) => (
    <a href={href} aria-current={isHere ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <header class="bar">
      <a class="brand" href="#/">
        Parley
      </a>
      {live.share !== undefined && <span class="me">shared with you, to read</span>}
      {live.share === undefined && (
        <nav aria-label="Views">
          {to('#/', 'Overview', route.view === 'overview')}
          {to('#runs', 'Conversations', route.view === 'runs')}
          {to('#agents', 'Agents', route.view === 'agents')}
          {live.isOperator && to('#new', 'New conversation', route.view === 'new')}
        </nav>
      )}
      <span id="link" class="link" role="status" data-state={link}>
        {linkWords[link]}
      </span>
      {me && live.share === undefined && (
        <span id="me" class="me" data-role={me.role}>
          {live.hasToken && me.names.length > 0 ? `${me.names.join(', ')}, ${me.role}` : me.role}
        </span>
      )}
      {live.hasToken && (
        <button type="button" onClick={() => live.signOut()}>
          {live.share === undefined ? 'Sign out' : 'Leave the shared page'}
        </button>
      )}
    </header>
  );
};

const Lost = ({ live }: { readonly live: Live }) =>
  live.link === 'connecting' && live.lost !== undefined ? (
    <p id="lost" class="lost" role="status">
      {live.lost}
    </p>
  ) : null;

const view = (live: Live, route: Route): ComponentChildren => {
  if (live.denied) return <SignIn live={live} />;
  switch (route.view) {
    case 'overview':
      return <OverviewPage live={live} />;
    case 'runs':
      return <RunsPage live={live} filters={route.filters} />;
    case 'conversation':
      return (
        live.open && <ConversationPage key={route.id} live={live} open={live.open} present={route.present} />
      );
    case 'compare':
      return <ComparePage left={route.left} right={route.right} />;
    case 'agents':
      return <AgentsPage live={live} />;
    case 'new':
      return <NewPage live={live} scenario={route.scenario} />;
    case 'unknown':
      return (
        <section id="empty" class="empty">
          <h1>There is no such view</h1>
          <p>
            The address of this page leads nowhere. <a href="#runs">All conversations</a>
          </p>
        </section>
      );
  }
};

/** The identity of the view. When it changes, the heading gets the focus. */
const placeOf = (route: Route): string =>
  route.view === 'conversation' ? `conversation ${route.id}` : route.view;

export const App = ({ live }: { readonly live: Live }): ComponentChildren => {
  useChanges(live.changes);
  const { route } = live;
  const main = useRef<HTMLElement>(null);
  const shown = useRef(placeOf(route));
  useLayoutEffect(() => {
    const place = placeOf(route);
    if (shown.current === place) return;
    // While a view is loading it has no heading, so the view itself gets the focus.
    shown.current = place;
    const heading = main.current?.querySelector<HTMLElement>('h1[tabindex]') ?? main.current;
    heading?.focus({ preventScroll: true });
  });
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Bar live={live} />
      <main id="main" tabIndex={-1} ref={main} class={`view-${route.view}`}>
        <Lost live={live} />
        {view(live, route)}
      </main>
    </>
  );
};
