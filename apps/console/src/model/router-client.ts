import type { Lost } from './lost.ts';

/**
 * The client of the HTTP interface of the router. A token is kept in this tab, or in this browser if the user chooses that.
 */
const tokenKey = 'parley-token';
const shareKey = 'parley-share';
/** The router sends at least one event every 15 s. A connection that is silent for longer is dead. */
const silentMs = 40_000;
const firstWaitMs = 500;
const mostWaitMs = 8_000;

/** The router requires a token, or the token may not read. */
export class Denied extends Error {}
/** A refusal of the router, with its text. */
export class Refused extends Error {}

/** The token of a share link with which this tab was opened. It counts before the token of the user. */
export const heldShare = (): string | null => sessionStorage.getItem(shareKey);
export const holdShare = (token: string): void => sessionStorage.setItem(shareKey, token);

export const heldToken = (): string | null =>
  heldShare() ?? sessionStorage.getItem(tokenKey) ?? localStorage.getItem(tokenKey);

export const holdToken = (token: string, keep: boolean): void => {
  sessionStorage.removeItem(shareKey);
  dropToken();
  (keep ? localStorage : sessionStorage).setItem(tokenKey, token);
};

/** Of a page that shows a share link only that is dropped: the user may have a token of its own. */
export const dropToken = (): void => {
  if (heldShare() !== null) {
    sessionStorage.removeItem(shareKey);
    return;
  }
  sessionStorage.removeItem(tokenKey);
  localStorage.removeItem(tokenKey);
};

const withToken = (headers: Record<string, string> = {}): Record<string, string> => {
  const token = heldToken();
  return token === null ? headers : { ...headers, authorization: `Bearer ${token}` };
};

const messageOf = async (response: Response): Promise<string> => {
  const answer: { error?: { message?: string } } | undefined = await response.json().catch(() => undefined);
  return answer?.error?.message ?? `The router answered ${response.status}.`;
};

const ask = async (path: string, signal?: AbortSignal): Promise<Response> => {
  const response = await fetch(path, { headers: withToken(), ...(signal && { signal }) });
  if (response.status === 401 || response.status === 403) throw new Denied(await messageOf(response));
  return response;
};

/** An action of an operator. */
export const post = async <T>(path: string, body: object): Promise<T> => {
  const headers = withToken({ 'content-type': 'application/json' });
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Refused(await messageOf(response));
  return (await response.json()) as T;
};

/** What the router answers to a question that it may refuse, in its words. */
export const read = async <T>(path: string): Promise<T> => {
  const response = await fetch(path, { headers: withToken() });
  if (!response.ok) throw new Refused(await messageOf(response));
  return (await response.json()) as T;
};

/** An answer that is no stream of events. */
class NoEvents extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`events: HTTP ${status}`);
    this.status = status;
  }
}

/** Undefined when it does not exist. */
export const get = async <T>(path: string, signal?: AbortSignal): Promise<T | undefined> => {
  const response = await ask(path, signal);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return (await response.json()) as T;
};

/** Relative, because the page may not be at the root of its server. */
export const relative = (path: string): string => path.replace(/^\//, '');

interface StreamEvent {
  readonly event: string;
  readonly id?: string | undefined;
  readonly data: unknown;
}

const parseBlock = (block: string): StreamEvent | undefined => {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trimStart()]),
  );
  const [event, data] = [fields.get('event'), fields.get('data')];
  return event === undefined || data === undefined
    ? undefined
    : { event, id: fields.get('id'), data: JSON.parse(data) };
};

const isEvents = ({ ok, headers }: Response): boolean =>
  ok && (headers.get('content-type') ?? '').startsWith('text/event-stream');

/** The events of one connection until it ends. It uses fetch, because an EventSource cannot send a token. */
async function* eventsOf(response: Response, onLife: () => void): AsyncGenerator<StreamEvent> {
  if (!isEvents(response) || !response.body) throw new NoEvents(response.status);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onLife();
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

export interface Follower {
  onOpen(): void;
  onLost(lost: Lost): void;
  onEvent(event: string, data: unknown): void;
}

/**
 * Follows live events of one conversation or of all. When the connection is lost, it reconnects and continues at the same place.
 * Resolves when `stop` is aborted, or with a `Denied` when the router denies access.
 */
export const follow = async (
  conversation: string | undefined,
  { onOpen, onLost, onEvent }: Follower,
  stop: AbortSignal,
): Promise<Denied | undefined> => {
  let position: string | undefined;
  let waitMs = firstWaitMs;
  while (!stop.aborted) {
    const silence = new AbortController();
    let lost: Lost = { kind: 'closed' };
    let timer = setTimeout(() => silence.abort(), silentMs);
    const onLife = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMs);
    };
    const query = new URLSearchParams({
      ...(conversation !== undefined && { conversation, drafts: '' }),
      ...(position !== undefined && { since: position }),
    });
    try {
      const response = await ask(`v1/events?${query}`, AbortSignal.any([silence.signal, stop]));
      if (isEvents(response)) {
        waitMs = firstWaitMs;
        onOpen();
      }
      for await (const { event, id, data } of eventsOf(response, onLife)) {
        position = id ?? position;
        onEvent(event, data);
      }
    } catch (error) {
      if (error instanceof Denied) return error;
      lost = error instanceof NoEvents ? { kind: 'answered', status: error.status } : { kind: 'no-answer' };
      if (!stop.aborted) console.info('the connection to the router was lost', error);
    } finally {
      clearTimeout(timer);
    }
    if (stop.aborted) return undefined;
    onLost(lost);
    const jittered = waitMs * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, jittered));
    waitMs = Math.min(waitMs * 2, mostWaitMs);
  }
  return undefined;
};
