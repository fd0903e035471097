import { type ConversationView, type FoundMessage, groupOfEnding } from '@parley/protocol';
import { shortIds } from './short-ids.ts';
import { type Column, table } from './table.ts';
import type { Screen } from './terminal.ts';

type ViewColumn = Column<ConversationView>;

const styles = ({ status, ending }: ConversationView) =>
  status === 'running'
    ? (['green'] as const)
    : ending && groupOf(ending) === 'failed'
      ? (['red'] as const)
      : (['dim'] as const);

/** A router of an earlier version does not tell the group. */
const groupOf = ({ reason, group }: NonNullable<ConversationView['ending']>): string =>
  group ?? groupOfEnding[reason] ?? 'ended';

const started = ({ startedAt }: ConversationView): string =>
  new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ');

const turns: ViewColumn = { title: 'TURNS', text: (view) => String(view.turns), right: true };
/** Of a search: the message that has the words, where the topic does not have them. */
const topic = (found: ReadonlyMap<string, FoundMessage>): ViewColumn => ({
  title: found.size > 0 ? 'TOPIC OR MESSAGE' : 'TOPIC',
  text: (view) => {
    const message = found.get(view.id);
    return message ? `${message.seq} ${message.from}: ${message.text}` : (view.topic ?? '');
  },
});
const members = (most?: number): ViewColumn => ({
  title: 'MEMBERS',
  text: (view) => view.members.join(', '),
  ...(most !== undefined && { most }),
});

/** For a pipe: everything, as it is. */
const whole = (found: ReadonlyMap<string, FoundMessage>): readonly ViewColumn[] => [
  { title: 'ID', text: ({ id }) => id },
  {
    title: 'STATUS',
    text: ({ status, ending }) => (ending ? `${status}: ${ending.reason} (${groupOf(ending)})` : status),
    styles,
  },
  turns,
  { title: 'STARTED', text: started },
  members(),
  topic(found),
];

/** For a terminal: ids as short as they may be given to a command, and columns that leave space for the topic. */
const short = (
  ids: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, FoundMessage>,
): readonly ViewColumn[] => [
  { title: 'ID', text: ({ id }) => ids.get(id) ?? id, most: 20 },
  {
    title: 'STATUS',
    text: ({ status, ending }) => (ending ? `${groupOf(ending)}: ${ending.reason}` : status),
    styles,
  },
  turns,
  { title: 'STARTED', text: (view) => started(view).slice(5, 16) },
  members(12),
  topic(found),
];

/** Conversations, one a line. `found`: where searched words were said. */
export const conversationTable = (
  screen: Screen,
  conversations: readonly ConversationView[],
  found: ReadonlyMap<string, FoundMessage> = new Map(),
): string => {
  const columns = screen.live ? short(shortIds(conversations.map(({ id }) => id)), found) : whole(found);
  return table(screen, columns, conversations);
};
