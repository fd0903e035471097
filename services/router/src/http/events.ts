import type { ServerResponse } from 'node:http';
import type { Happening } from '../followers/watchers.ts';
import type { Identity } from '../identity/identity.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Ledger, Placed } from '../ledger/ledger.ts';
import type { Router } from '../router.ts';

const pageSize = 500;
/** A reader this far behind is cut off; it comes back with the position it has reached. */
const maxBehindBytes = 4 * 1024 * 1024;
const keepAliveMs = 15_000;

const eventOf = (happening: Happening): string => {
  const { type, ...data } = happening;
  if (happening.type !== 'entry') return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  const { position, conversation, entry } = happening;
  return `id: ${position}\nevent: entry\ndata: ${JSON.stringify({ conversation, entry })}\n\n`;
};

interface Asked {
  readonly since: number | undefined;
  /** Only what concerns this one. */
  readonly conversation: string | undefined;
  readonly reader: Identity;
}

/**
 * Server-sent events: every entry after `since`, then everything as it happens. Undefined: from now on. A browser that reconnects sends
 * the id it has reached, so nothing is missed or repeated.
 */
export const streamEvents = (
  { watchers, metrics, now }: Router,
  ledger: Ledger,
  response: ServerResponse,
  { since, conversation, reader }: Asked,
): void => {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 1000\n\n');
  let stopped = false;
  let stopWatching = () => {};
  const concerns = (happening: Happening) =>
    conversation === undefined || happening.type === 'agents' || happening.conversation === conversation;
  const send = (happening: Happening) => {
    if (!concerns(happening)) return;
    if (response.writableLength > maxBehindBytes) response.destroy();
    else response.write(eventOf(happening));
  };
  const keepAlive = setInterval(() => {
    if (reader.isValid(now())) response.write(': keep-alive\n\n');
    else response.end();
  }, keepAliveMs);
  response.on('close', () => {
    stopped = true;
    clearInterval(keepAlive);
    stopWatching();
  });

  let position = since ?? ledger.position();
  /** Undefined when it cannot be read: the reader is cut off rather than shown a gap. */
  const nextPage = (): Placed[] | undefined => {
    try {
      return ledger.readAll(position, pageSize);
    } catch (error) {
      if (!(error instanceof LedgerDamage)) throw error;
      metrics.ledgerFailed();
      response.destroy();
      return undefined;
    }
  };
  const catchUp = (): void => {
    if (stopped) return;
    const page = nextPage();
    if (!page) return;
    if (page.length === 0) {
      // Reading and watching change over in one turn of the event loop, so nothing falls between.
      stopWatching = watchers.add(send);
      return;
    }
    for (const placed of page) {
      position = placed.position;
      send({ type: 'entry', ...placed });
    }
    if (response.writableNeedDrain) response.once('drain', catchUp);
    else setImmediate(catchUp);
  };
  catchUp();
};
