import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { Conversations } from '../../src/conversations/conversations.ts';
import { decodeState, encodeState } from '../../src/conversations/stored/state-codec.ts';
import { policies } from '../../src/core/policies/policies.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { limits, Talk } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

afterAll(() => console.log(`checkpoints: PARLEY_SEED=${testSeed}`));

const members = ['ann', 'bob', 'cid', 'dan'];
const step = fc.record({
  what: fc.constantFrom(
    'say',
    'say',
    'say',
    'pass',
    'join',
    'leave',
    'seat',
    'note',
    'pause',
    'resume',
    'lapse',
  ),
  who: fc.constantFrom(...members, 'eve'),
  text: fc.string({ minLength: 1, maxLength: 80 }),
  score: fc.nat(100),
});

const act = (
  talk: Talk,
  { what, who, text, score }: { what: string; who: string; text: string; score: number },
) => {
  const turn = talk.state?.floor[0];
  const place = {
    from: turn?.member ?? who,
    turn: turn?.number ?? 0,
    attempt: (turn?.attempts ?? 0) + 1,
  };
  talk.now += 10;
  if (what === 'join' || what === 'leave') talk.do({ type: what, who, history: score > 50 });
  else if (what === 'seat') talk.do({ type: 'seat', who, by: 'op' });
  else if (what === 'note') talk.do({ type: 'note', by: 'op', to: [who], kind: 'whisper', text });
  else if (what === 'pause' || what === 'resume') talk.do({ type: what, by: 'op' });
  else if (what === 'lapse') talk.do({ type: 'lapse', turn: place.turn, cause: 'gone' });
  else if (turn?.wanted === 'bid') talk.do({ type: 'bid', ...place, score });
  else if (what === 'pass') talk.do({ type: 'pass', ...place, reason: 'nothing-to-say' });
  else talk.say(text, { usage: { inputTokens: score, outputTokens: 1 }, cost: score / 7, done: score > 90 });
};

describe('the state of a conversation', () => {
  it('the state of a conversation is decoded to an equal state, whatever commands made it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[])),
        fc.array(step, { maxLength: 30 }),
        (policy, steps) => {
          const talk = new Talk({
            members,
            policy,
            seed: 5,
            limits: limits({ maxRepetition: 0.5, farewells: true }),
          });
          for (const one of steps) act(talk, one);
          expect(decodeState(encodeState(talk.state!))).toEqual(talk.state);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a state that is loaded from a checkpoint and later entries equals the state after a replay of all entries', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxRepetition: 0.9 }) });
    const ann = bench.connect('ann');
    const bob = bench.connect('bob');
    for (let i = 0; i < 20; i++) {
      await bench.answer(ann);
      await bench.answer(bob);
      if (i === 12) bench.router.conversations.keepStates();
    }
    const state = bench.router.conversations.get('c1');
    const read: number[] = [];
    const port = bench.ledger.port;
    const again = new Conversations(
      {
        ...port,
        read(id, since, ...more) {
          read.push(since);
          return port.read(id, since, ...more);
        },
      },
      () => 0,
      (error) => {
        throw error;
      },
    );
    again.recover();
    expect(again.get('c1')).toEqual(state);
    expect(Math.min(...read)).toBe(27);
  });
});

describe('a state that was kept in a ledger file', () => {
  const path = () => join(mkdtempSync(join(tmpdir(), 'parley-checkpoints-')), 'ledger.sqlite');
  const fails = (error: unknown) => {
    throw error;
  };
  /** A conversation of 40 messages whose state was kept; the file is closed. */
  const filled = async (): Promise<string> => {
    const file = path();
    const ledger = openSqliteLedger(file);
    const conversations = new Conversations(ledger, () => 1_000, fails);
    const submit = (command: Parameters<Conversations['submit']>[1]) => conversations.submit('c1', command);
    submit({ type: 'open', by: 'ann', members: ['ann', 'bob'], policy: 'round-robin', limits: limits() });
    for (let turn = 1; turn <= 40; turn++)
      submit({ type: 'say', from: turn % 2 ? 'ann' : 'bob', turn, attempt: 1, text: `message ${turn}` });
    await conversations.settled();
    conversations.keepStates();
    ledger.close();
    return file;
  };
  const recovered = (file: string) => {
    const ledger = openSqliteLedger(file);
    try {
      const conversations = new Conversations(ledger, () => 1_000, fails);
      conversations.recover();
      return { state: conversations.get('c1'), kept: ledger.checkpoint('c1') };
    } finally {
      ledger.close();
    }
  };
  const changed = (file: string, sql: string) => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };

  it('a checkpoint in a ledger file is used while it belongs to the entries of the conversation', async () => {
    const { state, kept } = recovered(await filled());
    expect(kept?.seq).toBe(41);
    expect(state).toMatchObject({ seq: 41, turnsTaken: 40 });
  });

  it.each([
    ['damaged', 'UPDATE checkpoints SET body = replace(body, \'"lines":40\', \'"lines":41\')'],
    ['of another version', 'UPDATE checkpoints SET version = version + 1'],
    ['of other entries', 'UPDATE checkpoints SET entry_sum = entry_sum + 1'],
    ['gone', 'DELETE FROM checkpoints'],
  ])('a state is computed from the entries when its checkpoint is %s', async (_, sql) => {
    const file = await filled();
    changed(file, sql);
    expect(recovered(file).state).toMatchObject({ seq: 41, turnsTaken: 40 });
  });

  it('a checkpoint is removed with its conversation', async () => {
    const file = await filled();
    changed(file, 'UPDATE conversations SET ended = 1, ended_at = 1');
    const ledger = openSqliteLedger(file);
    expect(ledger.remove(['c1'], 100)).toEqual({ gone: 1 });
    ledger.close();
    const database = new DatabaseSync(file);
    expect(database.prepare('SELECT count(*) AS n FROM checkpoints').get()).toMatchObject({ n: 0 });
    database.close();
  });
});
