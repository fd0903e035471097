import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';
import { actions, controlBody, oddJson, oddText } from './shapes.ts';
import type { Field } from './system.ts';

const ask = async (field: Field, path: string, init: RequestInit = {}): Promise<void> => {
  field.counts.requests++;
  try {
    const response = await fetch(field.http + path, { ...init, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (response.status === 201) field.saw((JSON.parse(text) as { conversation: string }).conversation);
  } catch {
    // The router is killed in some rounds, and some answers have no end: whether it lives is looked at afterwards.
  }
};

const body = (action: string, field: Field, random: Random): string => {
  if (random.chance(0.05)) return oddJson(random);
  const made = controlBody(action, random) as Record<string, unknown>;
  if (random.chance(0.4) || typeof made !== 'object' || made === null) return JSON.stringify(made);
  const { names, agent } = field;
  const known: Record<string, object> = {
    open: {
      members: [random.of(names), agent, random.of(names)],
      opening: oddText(random),
      moderator: undefined,
      first: undefined,
      cast: undefined,
      hears: undefined,
    },
    say: { text: oddText(random), target: agent, as: undefined, to: undefined },
    fork: { at: 1 + random.below(6), cast: undefined },
    seat: { who: random.of(names) },
    unseat: { who: random.of(names) },
    whisper: { to: [agent], text: oddText(random) },
  };
  return JSON.stringify({ ...made, ...known[action] });
};

const reads = ['', '?limit=1000', '?since=3', '?limit=0', '?since=-1', '?limit=1e99'];

/** Asks for many things on one connection and reads none of the answers. */
const neverReads = async (field: Field, random: Random): Promise<void> => {
  const { hostname, port } = new URL(field.http);
  const socket = connect(Number(port), hostname)
    .on('error', () => {})
    .pause();
  const path = random.of([
    '/v1/events?since=0',
    `/v1/conversations/${field.aConversation(random)}`,
    '/v1/conversations',
  ]);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(1 + random.below(20)));
  await delay(random.below(2_000));
  socket.destroy();
};

const act = async (field: Field, random: Random): Promise<void> => {
  const id = encodeURIComponent(field.aConversation(random));
  const kind = random.next();
  if (kind < 0.05) return neverReads(field, random);
  if (kind < 0.35)
    return ask(
      field,
      random.of([
        `/v1/conversations/${id}`,
        '/v1/conversations',
        '/v1/agents',
        '/metrics',
        '/v1/me',
        '/%',
        `/v1/conversations/${oddText(random).slice(0, 9)}`,
      ]) + random.of(reads),
    );
  const action = random.of(actions);
  const key = random.chance(0.3) ? { 'idempotency-key': `k${random.below(20)}` } : undefined;
  return ask(field, `/v1/conversations${action === 'open' ? '' : `/${id}/${action}`}`, {
    method: random.chance(0.98) ? 'POST' : 'PUT',
    headers: { 'content-type': 'application/json', ...key },
    body: body(action, field, random),
  });
};

/** Reads, opens, forks, says and ends, one request after the other, until the round is over. */
export const operators = async (field: Field, random: Random): Promise<void> => {
  while (!field.isOver) {
    await act(field, random);
    await delay(random.below(10));
  }
};
