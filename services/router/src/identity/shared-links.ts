import type { SharedTable, TableChange } from '../cluster/cluster.ts';
import type { Share } from '../ledger/ledger.ts';

export interface SharedLinksOptions {
  readonly table: Pick<SharedTable, 'incarnation' | 'create' | 'get' | 'update' | 'delete' | 'watch'>;
  readonly onKept: (share: Share) => void;
  readonly onRemoved: (id: string) => void;
}

const isShare = (value: unknown): value is Share => {
  const { id, conversation, digest, by, madeAt, expiresAt, revoked } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const texts = [id, conversation, digest, by].every((one) => typeof one === 'string');
  const times = [madeAt, expiresAt].every((one) => Number.isFinite(one));
  const { at, by: who } = (revoked ?? { at: 0, by: '' }) as Record<string, unknown>;
  return texts && times && Number.isFinite(at) && typeof who === 'string';
};

/**
 * The share links in a table that all routers share: a link that one router has made or revoked is valid or invalid at all of
 * them.
 */
export class SharedLinks {
  readonly #options: SharedLinksOptions;

  constructor(options: SharedLinksOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the incarnation of the table when all its links are known. `local`: valid links that this router has in its
   * ledger. `broughtTo`: the incarnation that has got them before. Another incarnation gets them now; the same one lacks only links
   * that were removed while this router was down.
   */
  async start(local: readonly Share[], broughtTo: string | undefined): Promise<string> {
    const { table } = this.#options;
    const incarnation = await table.incarnation();
    const known = new Set<string>();
    const take = (change: TableChange) => {
      known.add(change.key);
      this.#take(change);
    };
    await table.watch(take);
    for (const share of local) {
      if (known.has(share.id)) continue;
      if (incarnation === broughtTo) this.#options.onRemoved(share.id);
      else await table.create(share.id, share);
    }
    return incarnation;
  }

  /** Resolves when the link is in the table. */
  async make(share: Share): Promise<void> {
    await this.#options.table.create(share.id, share);
  }

  /** Returns the resulting link: another operator may have revoked it before. Undefined when it was removed. */
  async revoke(id: string, revoked: NonNullable<Share['revoked']>): Promise<Share | undefined> {
    const { table } = this.#options;
    for (;;) {
      const entry = await table.get(id);
      if (!entry || !isShare(entry.value)) return undefined;
      if (entry.value.revoked) return entry.value;
      const share = { ...entry.value, revoked };
      if ((await table.update(id, share, entry.revision)) !== undefined) return share;
    }
  }

  /** To be called when its conversation was removed. */
  async remove(id: string): Promise<void> {
    await this.#options.table.delete(id);
  }

  #take({ key, entry }: TableChange): void {
    if (!entry) this.#options.onRemoved(key);
    else if (isShare(entry.value) && entry.value.id === key) this.#options.onKept(entry.value);
  }
}
