import type { AgentView, ConversationView } from '@parley/protocol';
import { dollars } from './ending-text.ts';
import { shortIds } from './short-ids.ts';
import { type Column, table } from './table.ts';
import { cut, paint, type Screen } from './terminal.ts';

const pipedColumns = 80;
const shortName = 16;
const titleColumns = 20;

const whole = (value: number): string => {
  if (value < 10_000) return String(value);
  return value < 1_000_000 ? `${Math.floor(value / 1_000)}k` : `${(value / 1_000_000).toFixed(1)}M`;
};

const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 6_000) return `${Math.floor(seconds / 60)}m`;
  return seconds < 360_000 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

/** Who has the floor, and in one word why a member waits for its turn. */
const floor = ({ floor: names, waiting }: ConversationView): string =>
  names
    .map((name) => (Object.hasOwn(waiting, name) ? `${name} waits: ${waiting[name]}` : `${name} writes`))
    .join(', ');

const order = { running: 0, paused: 1, ended: 2 } as const;

const conversationColumns = (ids: ReadonlyMap<string, string>, now: number): Column<ConversationView>[] => [
  { title: 'ID', text: ({ id }) => ids.get(id) ?? id },
  {
    title: 'STATUS',
    text: ({ status, ending }) => ending?.reason ?? status,
    styles: ({ status, ending }) =>
      status === 'running' ? ['green'] : ending?.reason === 'failed' ? ['red'] : ['dim'],
  },
  {
    title: 'TURNS',
    text: ({ turns, limits }) => `${whole(turns)}${limits.maxTurns > 0 ? `/${whole(limits.maxTurns)}` : ''}`,
    right: true,
  },
  { title: 'TOKENS', text: ({ usage }) => whole(usage.inputTokens + usage.outputTokens), right: true },
  { title: 'COST', text: ({ usage }) => (usage.cost > 0 ? dollars(usage.cost) : '-'), right: true },
  { title: 'AGE', text: ({ startedAt, endedAt }) => age((endedAt ?? now) - startedAt), right: true },
  {
    title: 'TITLE, FLOOR',
    text: (view) =>
      [cut(view.topic ?? view.members.join(', '), titleColumns), view.status === 'running' && floor(view)]
        .filter(Boolean)
        .join(' · '),
  },
];

const agentColumns: readonly Column<AgentView>[] = [
  { title: 'AGENT', text: ({ name }) => cut(name, shortName) },
  {
    title: 'TURNS',
    text: ({ active, capacity }) => (capacity > 0 ? `${active}/${capacity}` : '-'),
    right: true,
  },
  { title: 'REPLICAS', text: ({ replicas }) => String(replicas), right: true },
  { title: 'DIALECT', text: ({ dialect }) => dialect },
];

/** The lines of `parley top`, none wider than the screen: sums, conversations with those that run first, agents. */
export const overview = (
  screen: Screen,
  { conversations, agents }: { conversations: readonly ConversationView[]; agents: readonly AgentView[] },
  now: number,
): string[] => {
  const columns = screen.live ? screen.columns : pipedColumns;
  // A pipe gets lines of 80 columns, too: a table that wraps cannot be read.
  const bounded: Screen = { ...screen, write: () => {}, live: true, columns, rows: screen.rows };
  const sorted = conversations.toSorted(
    (a, b) => order[a.status] - order[b.status] || b.startedAt - a.startedAt,
  );
  const count = (status: ConversationView['status']) =>
    conversations.filter((one) => one.status === status).length;
  const sums = `${count('running')} running · ${count('paused')} paused · ${count('ended')} ended · ${agents.length} agents`;
  const ids = shortIds(conversations.map(({ id }) => id));
  return [
    paint(screen, cut(sums, columns), 'bold'),
    '',
    ...table(bounded, agentColumns, agents).trimEnd().split('\n'),
    '',
    ...table(bounded, conversationColumns(ids, now), sorted).trimEnd().split('\n'),
  ];
};
