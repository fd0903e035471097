import { createHash } from 'node:crypto';
import type { ClientFrame } from '@parley/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import type { Outcome } from '../conversations/conversations.ts';
import type { Replica } from '../presence/replica.ts';
import { missingPrice } from '../turns/grants/price-check.ts';
import { newConversationId } from './conversation-id.ts';
import { completeLimits } from './limit-defaults.ts';
import type { SessionSetting } from './session.ts';

type OpenFrame = Extract<ClientFrame, { type: 'open' }>;
/** `resumed`: a running conversation was found and none was opened. */
type OnOpened = (conversation: string, outcome: Outcome, resumed?: true) => void;

const found: Outcome = { kind: 'done', seq: 1 };

/** Opens a conversation, or with `resume` finds one of the same opener and members that runs (PROTOCOL §4.2). */
export const openConversation = (
  replica: Replica,
  frame: OpenFrame,
  setting: SessionSetting,
  onOpened: OnOpened,
): void => {
  const { conversations } = setting.router;
  const running = frame.resume ? conversations.unfinished(replica.name, frame.members) : undefined;
  if (running === undefined) {
    const { cluster } = setting.router;
    return frame.resume && cluster
      ? openAmongRouters(cluster, replica, frame, setting, onOpened)
      : open(replica, frame, setting, onOpened);
  }
  setting.router.granter.opens(replica, running);
  if (conversations.get(running)) return onOpened(running, found, true);
  // Another replica is opening the same conversation. A later tick answers when that is durable.
  return conversations.submit(running, { type: 'tick' }, (outcome) =>
    onOpened(running, outcome.kind === 'done' ? found : outcome, true),
  );
};

const lookAgainMs = 50;
/** How often to check whether another router has opened the conversation. */
const mostLooks = 100;
const claimMs = 10_000;

/**
 * Two replicas of one agent that connect to two routers at the same time get one conversation: one of the routers claims the
 * opening.
 */
const openAmongRouters = (
  { claims }: Cluster,
  replica: Replica,
  frame: OpenFrame,
  setting: SessionSetting,
  onOpened: OnOpened,
): void => {
  const { conversations, later, faults } = setting.router;
  const names = [...new Set([replica.name, ...frame.members])].sort();
  const digest = createHash('sha256')
    .update(JSON.stringify([replica.name, names]))
    .digest('hex');
  // No id of a conversation contains a slash, so this key collides with no turn.
  const place = { conversation: `open/${digest.slice(0, 32)}`, turn: 1, attempt: 1 };
  const look = (left: number): void => {
    const isThere = conversations.unfinished(replica.name, frame.members) !== undefined;
    if (isThere) openConversation(replica, frame, setting, onOpened);
    else if (left > 0) later(() => look(left - 1), lookAgainMs);
    else open(replica, frame, setting, onOpened);
  };
  claims
    .make({ ...place, member: replica.name }, claimMs)
    .then((won) => {
      if (!won || conversations.unfinished(replica.name, frame.members) !== undefined) look(mostLooks);
      else
        open(replica, frame, setting, (...outcome) => {
          claims.release(place);
          onOpened(...outcome);
        });
    })
    .catch((error: unknown) => faults.caught('answer', 'open', error));
};

const open = (
  replica: Replica,
  frame: OpenFrame,
  { router, defaults }: SessionSetting,
  onOpened: OnOpened,
): void => {
  const {
    type,
    members,
    first,
    topic,
    moderator,
    cast,
    hears,
    admission,
    seed,
    opening,
    policy = 'addressed',
  } = frame;
  const { name: by } = replica;
  const id = newConversationId();
  const limits = completeLimits(defaults, frame.limits);
  const modelOf = (member: string) => cast?.find((role) => role.name === member)?.model;
  const unwatched = missingPrice(router, { members: [by, ...members], modelOf, limits, asker: by });
  if (unwatched !== undefined) return onOpened(id, { kind: 'refused', code: 'no-price', message: unwatched });
  router.granter.opens(replica, id);
  return router.conversations.submit(
    id,
    { type, by, members, first, policy, topic, moderator, cast, hears, admission, seed, opening, limits },
    (outcome) => {
      if (outcome.kind === 'refused') router.granter.opensNot(replica, id);
      onOpened(id, outcome);
    },
  );
};
