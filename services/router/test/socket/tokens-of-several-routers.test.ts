import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { newToken } from '../../src/identity/token-command.ts';
import type { Ledger, OnForeign } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { opened } from '../ledger/ledger-entries.ts';
import { authenticatorOf, bearer, boss, listOf } from './bearers.ts';
import { dial, dialAgent, serveRouter } from './served-router.ts';

const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 1 });

const desk = newToken(['desk', '--role', 'operator', '--send', 'alice']);
const carol = newToken(['carol', '--send', 'alice']);

/** A ledger that another router writes too, and whose writing of own entries can be held up. */
const sharedLedger = () => {
  const kept = openMemoryLedger();
  const listeners: OnForeign[] = [];
  let isWriting = false;
  let heldUp: Promise<void> | undefined;
  const ledger: Ledger = {
    ...kept,
    onForeign: (listener) => void listeners.push(listener),
    append: async (batches) => {
      isWriting = true;
      await heldUp;
      return kept.append(batches);
    },
  };
  /** From now on own entries are not written before the test is over. */
  const holdUp = () => {
    let release = () => {};
    heldUp = new Promise((resolve) => {
      release = resolve;
    });
    onTestFinished(() => release());
  };
  const openElsewhere = async (conversation: string, members: string[]) => {
    const entries = [{ ...opened(Date.now()), policy: 'open' as const, members }];
    const [done] = await kept.append([{ conversation, expectedSeq: 0, entries }]);
    if (!done?.ok) throw new Error(`${conversation} was not written`);
    for (const listener of listeners) listener({ conversation, entries, position: done.position });
  };
  return { ledger, holdUp, openElsewhere, isWriting: () => isWriting };
};

type Said = (port: number) => Promise<() => Promise<unknown>>;

const post = async (port: number, path: string, token: string, body: object) => {
  const response = await fetch(`http://127.0.0.1:${port}/v1/conversations${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token).headers },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { error?: { code: string } }).error?.code;
};

const words = { conversation: 'x', text: 'to all, and to bob' };

describe('a conversation that another router has opened while this one writes', () => {
  it.each<[who: string, connects: Said]>([
    [
      'an operator over HTTP',
      (port) => Promise.resolve(() => post(port, '/x/say', desk.token, { text: words.text })),
    ],
    [
      'a parley.v1 agent',
      async (port) => {
        const agent = await dialAgent(port, 'carol', bearer(carol.token));
        return async () => {
          agent.send({ type: 'say', ...words });
          return (await agent.nextOf('refused')).code;
        };
      },
    ],
    [
      'a plain client',
      async (port) => {
        const client = dial(port, bearer(carol.token));
        await client.opened;
        client.send({ type: 'register', name: 'carol', ack: true });
        await client.nextOf('registered');
        return async () => {
          client.send(words);
          return (await client.nextOf('error')).code;
        };
      },
    ],
  ])('%s writes to no member in it whom its token does not allow', async (_who, connects) => {
    const { ledger, holdUp, openElsewhere, isWriting } = sharedLedger();
    const { port } = await serveRouter({
      ledger,
      authenticator: authenticatorOf(listOf([desk, carol, boss])),
    });
    const say = await connects(port);
    holdUp();
    const writing = post(port, '', boss.token, { members: ['ann', 'ben'] });
    writing.catch(() => {});
    await until(() => expect(isWriting()).toBe(true));
    await openElsewhere('x', ['alice', 'bob', 'carol']);
    expect(await say()).toBe('forbidden');
  });
});
