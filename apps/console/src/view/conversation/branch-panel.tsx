import type { Branch, BranchTree, ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { compareLink, conversationLink } from '../../model/route.ts';
import { get } from '../../model/router-client.ts';
import { count } from '../../model/words.ts';

/** How often the page asks the router: no entry of this conversation records a new fork. */
const everyMs = 10_000;

const factsOf = (branch: Branch, parent: Branch | undefined): string => {
  const before = new Map(parent?.models.map(({ name, model }) => [name, model]));
  const changed = branch.models.filter(({ name, model }) => parent && before.get(name) !== model);
  return [
    ...changed.map(({ name, model }) => `${name}: ${model}`),
    count(branch.turns, 'turn'),
    branch.ending ? `ended: ${branch.ending}` : branch.status,
  ].join(' · ');
};

/** The tree of forks to which the conversation belongs; nothing while it has no other branch. */
export const BranchPanel = ({
  open,
  view,
}: {
  readonly open: OpenConversation;
  readonly view: ConversationView;
}): ComponentChildren => {
  const [tree, setTree] = useState<BranchTree>();
  useEffect(() => {
    let isWanted = true;
    const load = () => {
      if (document.hidden) return;
      get<BranchTree>(`${open.path}/branches`)
        .then((found) => isWanted && setTree(found))
        .catch((error: unknown) => console.info('the branches could not be loaded', error));
    };
    load();
    const timer = setInterval(load, everyMs);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [open, view.status]);
  const branches = tree?.branches ?? [];
  if (branches.length < 2) return null;
  const ids = new Set(branches.map(({ id }) => id));
  const below = (parent: Branch | undefined): ComponentChildren => {
    const forks = branches.filter((one) =>
      parent ? one.parent?.conversation === parent.id : !one.parent || !ids.has(one.parent.conversation),
    );
    return forks.length === 0 ? null : <ul>{forks.map((fork) => node(fork, parent))}</ul>;
  };
  const node = (branch: Branch, parent: Branch | undefined): ComponentChildren => {
    const isThis = branch.id === open.id;
    const name = branch.parent ? `after entry ${branch.parent.seq}` : 'the first';
    return (
      <li key={branch.id}>
        <a href={conversationLink(branch.id)} aria-current={isThis ? 'page' : undefined}>
          {name}
        </a>{' '}
        {isThis ? (
          <strong>this one</strong>
        ) : (
          <a
            class="compare-with"
            href={compareLink(open.id, branch.id)}
            aria-label={`Compare with the branch ${name}`}
          >
            compare
          </a>
        )}
        <div class="detail">{factsOf(branch, parent)}</div>
        {below(branch)}
      </li>
    );
  };
  return (
    <section aria-labelledby="branches-title">
      <h2 id="branches-title">Branches</h2>
      <nav id="branches" class="branches" aria-labelledby="branches-title">
        {below(undefined)}
      </nav>
      {tree?.more && <p class="detail">There are more than these {branches.length}.</p>}
    </section>
  );
};
