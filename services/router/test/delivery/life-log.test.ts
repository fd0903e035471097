import { makeLogger } from '@parley/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Commit } from '../../src/conversations/conversations.ts';
import { LifeLog, pageAddress } from '../../src/delivery/life-log.ts';

let lines: Record<string, unknown>[];
let present: string[];
let now: number;
let life: LifeLog;
beforeEach(() => {
  lines = [];
  present = [];
  now = 0;
  const log = makeLogger(
    'router',
    'info',
    {},
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  life = new LifeLog(
    log,
    () => present,
    () => now,
  );
});

const commit = (id: string, ...entries: object[]): Commit =>
  ({ after: { id, members: ['alice', 'bob'], turnsTaken: 3 }, entries, position: 1 }) as unknown as Commit;
const told = () => lines.map(({ msg, conversation, agent, reason }) => [msg, conversation ?? agent, reason]);

describe('the life of conversations and agents in the log', () => {
  it('the log has one line for each opening, pause, resume and ending, with ids and without messages', () => {
    life.onCommit(commit('c1', { type: 'opened', topic: 'a secret' }));
    life.onCommit(commit('c1', { type: 'said', text: 'a secret' }));
    life.onCommit(commit('c1', { type: 'paused', by: 'ops' }, { type: 'resumed', by: 'ops' }));
    life.onCommit(commit('c1', { type: 'ended', reason: 'max-turns', detail: 'a secret' }));
    expect(told()).toEqual([
      ['conversation opened', 'c1', undefined],
      ['conversation paused', 'c1', undefined],
      ['conversation resumed', 'c1', undefined],
      ['conversation ended', 'c1', 'max-turns'],
    ]);
    expect(JSON.stringify(lines)).not.toContain('a secret');
  });

  it('the log has one line for an agent that connects and one when it disconnects', () => {
    present = ['alice', 'bob'];
    life.tick();
    present = ['bob'];
    life.tick();
    life.tick();
    expect(told()).toEqual([
      ['agent registered', 'alice', undefined],
      ['agent registered', 'bob', undefined],
      ['agent left', 'alice', undefined],
    ]);
  });

  it('the log counts the lines that it leaves out when there are too many', () => {
    for (let count = 0; count < 5_000; count++) life.onCommit(commit(`c${count}`, { type: 'opened' }));
    expect(lines).toHaveLength(100);
    life.tick();
    expect(lines.at(-1)).toMatchObject({ suppressed: 4_900 });
    now = 1_000;
    life.onCommit(commit('later', { type: 'opened' }));
    expect(lines.at(-1)).toMatchObject({ conversation: 'later' });
  });
});

describe('the address of the page in the log', () => {
  it('the address of the page in the log can be opened in a browser', () => {
    expect(pageAddress('http', '0.0.0.0:8765', undefined)).toBe('http://127.0.0.1:8765');
    expect(pageAddress('https', '[::]:8765', undefined)).toBe('https://127.0.0.1:8765');
    expect(pageAddress('http', '0.0.0.0:8765', 'http://0.0.0.0:9000')).toBe('http://127.0.0.1:9000');
    expect(pageAddress('http', '0.0.0.0:8765', 'https://parley.example')).toBe('https://parley.example');
  });
});
