import type { Entry } from '@parley/protocol';
import type { Conversation } from './conversation.ts';

/** An entry as `member` may see it; undefined when it may not. Whoever watches over all sees the entry itself. */
export const heardBy = (state: Conversation, member: string, entry: Entry): Entry | undefined => {
  switch (entry.type) {
    case 'opened':
    case 'forked': {
      if (!entry.cast) return entry;
      return { ...entry, cast: entry.cast.filter((role) => role.name === member) };
    }
    case 'recast':
      return entry.role.name === member ? entry : undefined;
    case 'noted':
      return entry.to.includes(member) ? entry : undefined;
    case 'summarised':
      return entry.who === member ? entry : undefined;
    case 'bid':
    case 'lapsed':
      return entry.from === member ? entry : undefined;
    case 'said': {
      const since = state.sees.get(member);
      if (since !== undefined && entry.seq < since) return undefined;
      return !entry.to || entry.from === member || entry.to.includes(member) ? entry : undefined;
    }
    default:
      return entry;
  }
};
