/**
 * The router's HTTP interface, as the page uses it. The token, where one is needed, stays in this tab.
 */

const tokenKey = 'parley-token';
/** The router says something at least every 15 s; a connection that is silent for longer is dead. */
const silentMs = 40_000;
const firstWaitMs = 500;
const mostWaitMs = 8_000;

/** The router wants to know who asks, or does not let that one read. */
export class Denied extends Error {}

/** @param {string} token */
export const useToken = (token) => sessionStorage.setItem(tokenKey, token);

/** @param {string} path @param {AbortSignal} [signal] */
const ask = async (path, signal) => {
  const token = sessionStorage.getItem(tokenKey);
  const response = await fetch(path, {
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
    ...(signal && { signal }),
  });
  if (response.status === 401 || response.status === 403) {
    throw new Denied((await response.json().catch(() => undefined))?.error?.message ?? response.statusText);
  }
  return response;
};

/** Something that the router refuses to do, in its words. */
export class Refused extends Error {}

/** An operator's act. @param {string} path @param {object} body @returns {Promise<any>} */
export const post = async (path, body) => {
  const token = sessionStorage.getItem(tokenKey);
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => undefined);
  if (!response.ok) throw new Refused(answer?.error?.message ?? response.statusText);
  return answer;
};

/** Undefined when there is no such thing. @param {string} path @returns {Promise<any>} */
export const get = async (path) => {
  const response = await ask(path);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.json();
};

/**
 * A page of an answer, and those that it says follow; nothing when there is no such thing.
 * @param {string} path
 * @returns {AsyncGenerator<any>}
 */
export async function* pages(path) {
  for (let next = path; next; ) {
    const page = await get(next);
    if (page === undefined) return;
    yield page;
    // Relative, because the page may not stand at the root of its server.
    next = page.next?.replace(/^\//, '');
  }
}

/**
 * The events of one connection, until it ends. Over fetch, because an EventSource cannot send a token.
 * @param {Response} response
 * @param {() => void} onLife
 */
async function* eventsOf(response, onLife) {
  if (!response.ok || !response.body) throw new Error(`events: HTTP ${response.status}`);
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
      /** @type {Record<string, string>} */
      const { event, id, data } = Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trimStart()]),
      );
      if (event !== undefined && data !== undefined) yield { event, id, data: JSON.parse(data) };
    }
  }
}

/**
 * Follows everything that happens from now on, and comes back by itself where it was when the connection is lost.
 * Resolves only when the router denies it.
 * @param {{
 *   onOpen: () => void,
 *   onLost: () => void,
 *   onEvent: (event: string, data: any) => void,
 * }} handlers
 * @returns {Promise<Denied>}
 */
export const follow = async ({ onOpen, onLost, onEvent }) => {
  let position = '';
  let waitMs = firstWaitMs;
  for (;;) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), silentMs);
    const onLife = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMs);
    };
    try {
      const response = await ask(position ? `v1/events?since=${position}` : 'v1/events', silence.signal);
      if (response.ok) {
        waitMs = firstWaitMs;
        onOpen();
      }
      for await (const { event, id, data } of eventsOf(response, onLife)) {
        position = id ?? position;
        onEvent(event, data);
      }
    } catch (error) {
      if (error instanceof Denied) return error;
      console.info('the connection to the router was lost', error);
    } finally {
      clearTimeout(timer);
    }
    onLost();
    const jittered = waitMs * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, jittered));
    waitMs = Math.min(waitMs * 2, mostWaitMs);
  }
};
