import { type Branch, type BranchTree, defined, maxBranches } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { maxPageBytes } from './conversation-pages.ts';

/** Ancestors that are looked for. In a longer chain of forks the tree begins with a fork. */
const maxAncestors = 100;
/** What one step counts in the read queue, in bytes. */
const step = 2_000;

const branchOf = (state: Conversation): Branch => ({
  id: state.id,
  ...defined({ parent: state.parent }),
  status: state.status.state,
  ...(state.status.state === 'ended' && { ending: state.status.reason }),
  turns: state.turnsTaken,
  startedAt: state.startedAt,
  models: [...state.cast.values()].flatMap(({ name, model }) =>
    model === undefined ? [] : [{ name, model }],
  ),
});

/**
 * The tree of forks to which a conversation belongs, a little at a time; undefined when there is no such conversation. A branch
 * that retention has removed is left out, and so are its forks.
 */
export function* branchTreeOf(
  { conversations }: Pick<HttpRouter, 'conversations'>,
  ledger: Pick<Ledger, 'forksOf'>,
  id: string,
): Generator<number, BranchTree | undefined> {
  const asked: Conversation | undefined = yield* conversations.findSlowly(id);
  if (!asked) return undefined;
  let root = asked;
  for (let i = 0; root.parent && i < maxAncestors; i++) {
    const above: Conversation | undefined = yield* conversations.findSlowly(root.parent.conversation);
    if (!above) break;
    root = above;
    yield step;
  }
  const waiting = [root];
  const branches: Branch[] = [];
  let bytes = 0;
  while (branches.length < maxBranches && bytes < maxPageBytes) {
    const next = waiting.shift();
    if (!next) break;
    const branch = branchOf(next);
    branches.push(branch);
    bytes += JSON.stringify(branch).length;
    for (const fork of ledger.forksOf(next.id, maxBranches)) {
      if (waiting.length + branches.length > maxBranches) break;
      const state: Conversation | undefined = yield* conversations.findSlowly(fork);
      if (state) waiting.push(state);
      yield step;
    }
  }
  return { branches, more: waiting.length > 0 };
}
