import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/faults.ts';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { Operator } from '../http/operator.ts';
import { dialAgent, dialPlain, serveRouter } from './served-router.ts';

describe('an unexpected error', () => {
  it.each(['plain', 'v1'] as const)(
    'an unexpected error in a frame of the %s dialect is counted and ends that connection with 4103, and no other connection',
    async (dialect) => {
      const faults: Fault[] = [];
      const served = await serveRouter({ onFault: (fault) => faults.push(fault) });
      const { submit } = served.router.conversations;
      served.router.conversations.submit = function (id, command, done) {
        if (command.type === 'say' && command.text === 'bad') throw new Error('a bug');
        if (command.type === 'open' && command.opening === 'bad') throw new Error('a bug');
        submit.call(this, id, command, done);
      };
      const other = await dialAgent(served.port, 'other');
      const peer = await (dialect === 'plain' ? dialPlain : dialAgent)(served.port, 'peer');
      peer.send(
        dialect === 'plain'
          ? { target: 'bob', text: 'bad' }
          : { type: 'open', ref: '1', members: ['bob'], opening: 'bad' },
      );
      expect(await peer.closed).toMatchObject({ code: 4103 });
      other.send({ type: 'open', ref: '2', members: ['bob'] });
      expect(await other.nextOf('accepted')).toMatchObject({ ref: '2' });
      expect(await served.metric('parley_faults_total{place="session"}')).toBe(1);
      expect(faults.map(({ place }) => place)).toEqual(['session']);
    },
  );

  it('an unexpected error in a request is answered with 500, and the connection serves the next request', async () => {
    const faults: Fault[] = [];
    const served = await serveRouter({ onFault: (fault) => faults.push(fault) });
    served.router.conversations.submit = () => {
      throw new Error('a bug');
    };
    const operator = new Operator(served);
    const answer = await operator.post('', { members: ['ann', 'bob'] }, { 'idempotency-key': 'k' });
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal' } } });
    expect((await fetch(`http://127.0.0.1:${served.port}/healthz`)).status).toBe(200);
    expect(faults.map(({ place }) => place)).toEqual(['request']);
  });
});

describe('damage that is met while the router runs', () => {
  const withDamage = async () => {
    const ledger = openMemoryLedger();
    const failures: unknown[] = [];
    const served = await serveRouter({ ledger, onLedgerFailure: (error) => failures.push(error) });
    const operator = new Operator(served);
    const sound = await operator.open({ members: ['ann', 'bob'], opening: 'sound' });
    const id = await operator.open({ members: ['ann', 'bob'], opening: 'one' });
    const { read, readNewest } = ledger;
    const check = (conversation: string) => {
      if (conversation === id) throw new LedgerDamage('ledger.sqlite', ['database disk image is malformed']);
    };
    ledger.read = (conversation, ...rest) => {
      check(conversation);
      return read.call(ledger, conversation, ...rest);
    };
    ledger.readNewest = (conversation, ...rest) => {
      check(conversation);
      return readNewest.call(ledger, conversation, ...rest);
    };
    return { ...served, operator, sound, id, failures };
  };

  it('damage that is found at run time is reported to the HTTP client that asks for the conversation or its fork, and others are served', async () => {
    const { operator, sound, id, port, metric } = await withDamage();
    const fork = await operator.post(`/${id}/fork`, { at: 1 }, { 'idempotency-key': 'k' });
    expect(fork).toMatchObject({ status: 500, body: { error: { code: 'damaged' } } });
    const seen = await fetch(`http://127.0.0.1:${port}/v1/conversations/${id}`);
    expect(seen.status).toBe(500);
    expect((await operator.see(sound)).conversation).toMatchObject({ id: sound });
    expect(await metric('parley_ledger_failures_total')).toBeGreaterThanOrEqual(2);
  });

  it('damage that is found at run time is reported to the client that asks for the history, and its other questions are answered', async () => {
    const { port, sound, id } = await withDamage();
    const ann = await dialAgent(port, 'ann');
    ann.send({ type: 'history', conversation: id });
    ann.send({ type: 'history', conversation: sound });
    expect(await ann.nextOf('refused')).toMatchObject({ code: 'unavailable', conversation: id });
    expect(await ann.nextOf('entry')).toMatchObject({ conversation: sound });
  });

  it('damage that is found at run time hides the running conversation whose next turn needs it, and other turns are granted', async () => {
    const { port, router, operator, sound, id, failures } = await withDamage();
    for (let i = 0; i < 40; i++) await operator.act(id, 'say', { text: `${i}`, target: 'ann' });
    await dialAgent(port, 'ann');
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    expect(router.conversations.get(id)).toBeUndefined();
    const bob = await dialAgent(port, 'bob');
    expect(await bob.nextOf('turn')).toMatchObject({ conversation: sound });
  });
});
