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

const isAway = ({ awaySince }: AgentView): boolean => awaySince !== undefined;

/** Its models and its last fault; of an agent that has gone, since when. */
const aboutAgent = ({ each = [], dialect, awaySince, lastFault }: AgentView, now: number): string =>
  [
    awaySince !== undefined && `away for ${age(now - awaySince)}`,
    [...new Set(each.flatMap(({ model }) => model ?? []))].join(', ') ||
      (dialect === 'plain' && 'plain client'),
    each.some(({ breaker }) => breaker !== 'closed') && 'failed too often',
    lastFault && `${lastFault.cause} ${age(now - lastFault.at)} ago`,
  ]
    .filter(Boolean)
    .join(' · ');

/** Turns, times and faults count since the router started. */
const agentColumns = (now: number): readonly Column<AgentView>[] => [
  { title: 'AGENT', text: ({ name }) => cut(name, shortName), styles: (one) => (isAway(one) ? ['dim'] : []) },
  {
    title: 'BUSY',
    text: ({ active, capacity }) => (capacity > 0 ? `${active}/${capacity}` : '-'),
    right: true,
  },
  { title: 'REPLICAS', text: ({ replicas }) => String(replicas), right: true },
  { title: 'TURNS', text: ({ turns = 0 }) => whole(turns), right: true },
  {
    title: 'TIME',
    text: ({ meanMs }) => (meanMs === undefined ? '-' : `${(meanMs / 1_000).toFixed(1)}s`),
    right: true,
  },
  { title: 'FAULTS', text: ({ faults = 0 }) => whole(faults), right: true },
  { title: 'MODEL, LAST FAULT', text: (agent) => aboutAgent(agent, now) },
];

/** Rows of a table of which the screen has no space for all. */
const fitting = <Row>(rows: readonly Row[], most: number): { shown: readonly Row[]; rest: string[] } => {
  if (rows.length <= most) return { shown: rows, rest: [] };
  const shown = rows.slice(0, Math.max(0, most - 1));
  return { shown, rest: [`… and ${rows.length - shown.length} more`] };
};
/** Lines besides the rows: sums, two headings, two empty lines. The last line of the screen stays free. */
const otherLines = 6;

/**
 * The lines of `parley top`, no more and none wider than the screen has: sums, agents, conversations with those that run first. The
 * agents take a third of the lines, or what the conversations leave.
 */
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
  const connected = agents.filter((one) => !isAway(one)).length;
  const sums = `${count('running')} running · ${count('paused')} paused · ${count('ended')} ended · ${connected} ${connected === 1 ? 'agent' : 'agents'}`;
  const ids = shortIds(conversations.map(({ id }) => id));
  const space = screen.live ? Math.max(2, screen.rows - otherLines) : Number.POSITIVE_INFINITY;
  const byPresence = agents.toSorted((a, b) => Number(isAway(a)) - Number(isAway(b)));
  const ofAgents = fitting(byPresence, Math.max(Math.ceil(space / 3), space - conversations.length));
  const ofTalks = fitting(sorted, Math.max(1, space - ofAgents.shown.length - ofAgents.rest.length));
  return [
    paint(screen, cut(sums, columns), 'bold'),
    '',
    ...table(bounded, agentColumns(now), ofAgents.shown).trimEnd().split('\n'),
    ...ofAgents.rest,
    '',
    ...table(bounded, conversationColumns(ids, now), ofTalks.shown).trimEnd().split('\n'),
    ...ofTalks.rest,
  ];
};
