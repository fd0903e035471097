import type { ClientFrame } from '@parley/protocol';
import type { Outcome } from '../conversations/conversations.ts';
import type { Replica } from '../presence/replica.ts';
import { missingPrice } from '../turns/grants/price-check.ts';
import { newConversationId } from './conversation-id.ts';
import { completeLimits } from './limit-defaults.ts';
import type { SessionSetting } from './session.ts';

type OpenFrame = Extract<ClientFrame, { type: 'open' }>;
/** `resumed`: a running conversation was found and none was opened. */
type Told = (conversation: string, outcome: Outcome, resumed?: true) => void;

const found: Outcome = { kind: 'done', seq: 1 };

/** Opens a conversation, or with `resume` finds one of the same opener and members that runs (PROTOCOL §4.2). */
export const openConversation = (
  replica: Replica,
  frame: OpenFrame,
  setting: SessionSetting,
  told: Told,
): void => {
  const { conversations } = setting.router;
  const running = frame.resume ? conversations.unfinished(replica.name, frame.members) : undefined;
  if (running === undefined) return open(replica, frame, setting, told);
  setting.router.granter.opens(replica, running);
  if (conversations.get(running)) return told(running, found, true);
  // Another replica is opening the same conversation. A later tick answers when that is durable.
  return conversations.submit(running, { type: 'tick' }, (outcome) =>
    told(running, outcome.kind === 'done' ? found : outcome, true),
  );
};

const open = (replica: Replica, frame: OpenFrame, { router, defaults }: SessionSetting, told: Told): void => {
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
  if (unwatched !== undefined) return told(id, { kind: 'refused', code: 'no-price', message: unwatched });
  router.granter.opens(replica, id);
  return router.conversations.submit(
    id,
    { type, by, members, first, policy, topic, moderator, cast, hears, admission, seed, opening, limits },
    (outcome) => {
      if (outcome.kind === 'refused') router.granter.opensNot(replica, id);
      told(id, outcome);
    },
  );
};
