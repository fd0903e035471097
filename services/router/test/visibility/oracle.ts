import type { Entry, Role, Usage } from '@parley/protocol';

const pattern = /canary-\d+/g;
export const canariesIn = (text: string): string[] => text.match(pattern) ?? [];

/** A name that is never invited. It may see entries only where every agent may join. */
export const outsider = 'out';

/** Who else may come to know it. */
type Spreads = 'to all who join' | 'to those who see history' | 'never';

interface Known {
  readonly by: Set<string>;
  readonly spreads: Spreads;
}

/** One conversation, or a fork with what it shares. */
class Followed {
  readonly entries: Entry[] = [];
  readonly members = new Set<string>();
  readonly known = new Map<string, Known>();
  #hears: ReadonlyMap<string, readonly string[]> = new Map();
  #isOpen = false;

  take(entry: Entry): void {
    this.entries.push(entry);
    switch (entry.type) {
      case 'opened':
        for (const name of entry.members) this.members.add(name);
        this.#hears = new Map(entry.hears?.map(({ from, to }) => [from, to]));
        this.#isOpen = entry.admission === 'open';
        this.#note(entry.topic, this.members, 'to all who join');
        for (const role of entry.cast ?? []) this.#noteRole(role);
        break;
      case 'forked':
        for (const role of entry.cast ?? []) this.#noteRole(role);
        break;
      case 'said': {
        const to = entry.to ?? this.#hears.get(entry.from);
        if (to) this.#note(entry.text, [entry.from, ...to]);
        else this.#note(entry.text, this.members, 'to those who see history');
        this.#noteUsage(entry.usage, entry.from);
        break;
      }
      case 'passed':
      case 'lapsed':
        this.#note(entry.detail, [entry.from]);
        this.#noteUsage(entry.usage, entry.from);
        break;
      case 'bid':
        this.#noteUsage(entry.usage, entry.from);
        break;
      case 'noted':
        this.#note(entry.text, entry.to);
        break;
      case 'summarised':
        this.#note(entry.text, [entry.who]);
        break;
      case 'recast':
        this.#noteRole(entry.role);
        break;
      case 'ended':
        // The words of a model server are in the `lapsed` before it, and known there.
        // A fork may begin behind an ending: members that join it see the ending in its history.
        if (entry.reason !== 'failed') this.#note(entry.detail, this.members, 'to those who see history');
        break;
      case 'joined':
        this.#join(entry.who, entry.history !== false);
        break;
      case 'left':
        this.members.delete(entry.who);
        break;
      default:
    }
  }

  #join(who: string, seesHistory: boolean): void {
    if (who === outsider && !this.#isOpen) return;
    this.members.add(who);
    for (const { by, spreads } of this.known.values())
      if (spreads === 'to all who join' || (spreads === 'to those who see history' && seesHistory))
        by.add(who);
  }

  #note(text: string | undefined, by: Iterable<string>, spreads: Spreads = 'never'): void {
    for (const canary of canariesIn(text ?? '')) this.known.set(canary, { by: new Set(by), spreads });
  }

  #noteRole({ name, ...role }: Role): void {
    this.#note(JSON.stringify(role), [name]);
  }

  #noteUsage(usage: Usage | undefined, from: string): void {
    this.#note(usage?.model, [from]);
  }
}

/**
 * Who may know each canary. It says again, and in another way, what PROTOCOL §10.3 says: not by filtering what a reader
 * asks for, but by following the ledger and noting, canary by canary, the names to which it may ever be told.
 */
export class Oracle {
  readonly #conversations = new Map<string, Followed>();

  follow(conversation: string, entry: Entry): void {
    const followed = this.#conversations.get(conversation) ?? new Followed();
    this.#conversations.set(conversation, followed);
    if (entry.type === 'forked') {
      const shared = this.#conversations.get(entry.parent.conversation)?.entries ?? [];
      for (const one of shared) if (one.seq <= entry.parent.seq) followed.take(one);
    }
    followed.take(entry);
  }

  /** Whether the name may have heard of it in any conversation. */
  mayKnow(canary: string, name: string): boolean {
    return [...this.#conversations.values()].some(({ known }) => known.get(canary)?.by.has(name));
  }

  members(conversation: string): readonly string[] {
    return [...(this.#conversations.get(conversation)?.members ?? [])];
  }

  /** What a name may know of one conversation. */
  knownTo(name: string, conversation: string): string[] {
    const known = this.#conversations.get(conversation)?.known ?? new Map<string, Known>();
    return [...known].filter(([, { by }]) => by.has(name)).map(([canary]) => canary);
  }
}
