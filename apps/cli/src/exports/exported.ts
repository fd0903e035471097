import type { ConversationView, Entry, Role } from '@parley/protocol';

/** A conversation that is exported. */
export interface Exported {
  readonly view: ConversationView;
  /** All of them, or those that the member `as` may see. */
  readonly entries: readonly Entry[];
  /** The member whose perspective it is; undefined for everything. */
  readonly as: string | undefined;
}

/** A file format. The texts of `begin`, of each conversation and of `end` are the file. */
export interface ExportFormat {
  readonly about: string;
  /** It shows a conversation as one member took part in it: without `--as`, the one who opened it. */
  readonly isPerspective: boolean;
  /** Whether a conversation is left out of an export of many, because the format has no use for it. */
  leavesOut?(exported: Exported): boolean;
  begin?(conversations: readonly Exported[]): string;
  one(exported: Exported): string;
  end?(): string;
}

export const titleOf = ({ view }: Exported): string =>
  (view.topic ?? `A conversation of ${view.members.join(', ')}`).replaceAll(/\s+/g, ' ').trim();

/** The roles of the members, as far as the entries show them: of a perspective, only the member's own. */
export const castOf = (entries: readonly Entry[]): ReadonlyMap<string, Role> => {
  const cast = new Map<string, Role>();
  const add = (role: Role) => cast.set(role.name, { ...cast.get(role.name), ...role });
  for (const entry of entries) {
    if (entry.type === 'opened' || entry.type === 'forked') for (const role of entry.cast ?? []) add(role);
    if (entry.type === 'recast') add(entry.role);
  }
  return cast;
};
