import { type AgentView, type ConversationView, viewAfter } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { typed } from '../src/commands/conversation/join.ts';
import { conversationTable } from '../src/terminal/conversation-table.ts';
import { overview } from '../src/terminal/overview.ts';
import { shortIds } from '../src/terminal/short-ids.ts';
import { columnsOf } from '../src/terminal/terminal.ts';
import { opened } from './entries.ts';
import { FakeScreen } from './screens.ts';

const view = (id: string, more: Partial<ConversationView> = {}): ConversationView => {
  const made = viewAfter(
    undefined,
    id,
    opened({ topic: 'a topic that is much longer than the table has columns for it' }),
  );
  if (!made) throw new Error('no view of an opened conversation');
  return { ...made, ...more };
};
const agent: AgentView = {
  ...{
    name: 'alice',
    dialect: 'v1',
    replicas: 2,
    capacity: 8,
    active: 3,
    turns: 12,
    meanMs: 2_340,
    faults: 1,
  },
  lastFault: { at: 1_000, cause: 'model-unavailable', conversation: 'bbbbbbbb-2' },
  each: [{ model: 'gpt-4.1', capacity: 8, active: 3, breaker: 'closed' }],
};

describe('parley top', () => {
  it.each([80, 120])(
    'every line of the table fits %d columns, and running conversations come first',
    (columns) => {
      const conversations = [
        view('aaaaaaaa-1', { status: 'ended', ending: { reason: 'agreed', group: 'settled' } }),
        view('bbbbbbbb-2', { turns: 12_345, usage: { inputTokens: 2_000_000, outputTokens: 5, cost: 1.5 } }),
        view('cccccccc-3', { floor: ['bob'], waiting: { bob: 'absent' } }),
      ];
      const lines = overview(new FakeScreen({ columns }), { conversations, agents: [agent] }, 61_000);
      expect(lines.filter((line) => columnsOf(line) > columns)).toEqual([]);
      const text = lines.join('\n');
      expect(lines[0]).toBe('2 running · 0 paused · 1 ended · 1 agent');
      expect(text).toMatch(/^alice +3\/8 +2 +12 +2\.3s +1 +gpt-4\.1 · model-una/m);
      expect(text).toMatch(/^bbbbbb +running +12k\/4 +2\.0M +\$1\.50 +60s +a topic/m);
      expect(text).toMatch(/ · bob/);
      expect(text.indexOf('bbbbbb')).toBeLessThan(text.indexOf('aaaaaa'));
    },
  );

  it('neither many agents nor many conversations fill the screen alone, and agents that are away come last', () => {
    const conversations = Array.from({ length: 30 }, (_, n) => view(`c${n}`));
    const agents = Array.from({ length: 50 }, (_, n) => ({
      ...agent,
      name: `agent-${n}`,
      awaySince: n < 48 ? 1_000 : undefined,
    }));
    const linesOf = (of: Parameters<typeof overview>[1], live = true) =>
      overview(new FakeScreen({ columns: 80, rows: 24, live }), of, 61_000);
    const both = linesOf({ conversations, agents } as never);
    expect(both.length).toBe(23);
    expect(both.slice(0, 5)).toEqual([
      '30 running · 0 paused · 0 ended · 2 agents',
      '',
      expect.stringMatching(/^AGENT/),
      expect.stringMatching(/^agent-48 /),
      expect.stringMatching(/^agent-49 /),
    ]);
    expect(both[5]).toMatch(/^agent-0 .* away for 60s · gpt-4\.1/);
    expect(both.filter((line) => line.startsWith('… and '))).toEqual(['… and 45 more', '… and 19 more']);
    const few = linesOf({ conversations: [], agents } as never);
    expect(few.length).toBe(23);
    expect(linesOf({ conversations, agents } as never, false).length).toBe(85);
  });

  it('ids are cut only as far as they stay different', () => {
    expect([...shortIds(['abcdefg1', 'abcdefg2']).values()]).toEqual(['abcdefg1', 'abcdefg2']);
    expect([...shortIds(['abcdefg1', 'other-22']).values()]).toEqual(['abcdef', 'other-']);
    expect([...shortIds(['a', 'a']).values()]).toEqual(['a']);
  });
});

describe('parley ls', () => {
  const many = Array.from({ length: 12 }, (_, place) => `member-${place}`);
  const conversations = [
    view('aaaaaaaa-1', {
      members: many,
      status: 'ended',
      ending: { reason: 'farewell-loop', group: 'bounded' },
    }),
    view('bbbbbbbb-2'),
    // As a router of an earlier version tells it.
    view('cccccccc-3', { status: 'ended', ending: { reason: 'absent' } }),
  ];

  it('every line of the list fits 80 columns of a terminal, with short ids, the group of the ending and a topic', () => {
    const lines = conversationTable(new FakeScreen({ columns: 80 }), conversations).split('\n');
    expect(lines.filter((line) => columnsOf(line) > 80)).toEqual([]);
    expect(lines[1]).toMatch(/^aaaaaa +bounded: farewell-loop +0 +01-01 00:00 +member-0, m… +a topic/);
  });

  it('the list of a search shows the message that has the words, where the topic does not', () => {
    const found = new Map([['bbbbbbbb-2', { seq: 3, from: 'ann', text: 'the oven must be hot' }]]);
    const lines = conversationTable(new FakeScreen({ columns: 90 }), conversations, found).split('\n');
    expect(lines[0]).toMatch(/ TOPIC OR MESSAGE$/);
    expect(lines[1]).toMatch(/ a topic that/);
    expect(lines[2]).toMatch(/ 3 ann: the oven must/);
  });

  it('a pipe gets everything', () => {
    const lines = conversationTable(new FakeScreen({ live: false }), conversations).split('\n');
    expect(lines[1]).toMatch(
      /^aaaaaaaa-1 +ended: farewell-loop \(bounded\) .*member-11 +a topic .* columns for it$/,
    );
    expect(lines[3]).toContain('ended: absent (failed)');
  });
});

describe('parley join', () => {
  it.each([
    ['hello there ', { kind: 'say', text: 'hello there' }],
    ['/to bob hello', { kind: 'say', text: 'hello', target: 'bob' }],
    ['/aside bob,cat a secret', { kind: 'say', text: 'a secret', to: ['bob', 'cat'] }],
    ['//etc is a folder', { kind: 'say', text: '/etc is a folder' }],
    ['/leave', { kind: 'leave' }],
    ['/to bob', { kind: 'unknown', what: '/to bob' }],
    ['/shout x', { kind: 'unknown', what: '/shout x' }],
    ['  ', { kind: 'nothing' }],
  ])('the line %j is understood as %j', (line, said) => {
    expect(typed(line)).toEqual(said);
  });
});
