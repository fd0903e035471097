import type { ConversationView, waitReasons } from '@parley/protocol';

type WaitReason = (typeof waitReasons)[number];

const words: Readonly<Record<WaitReason, string>> = {
  rate: 'its model allows no more calls now',
  replica: 'all its replicas are busy',
  absent: 'it is not connected',
  gathering: 'not all members are connected yet',
  pace: 'the pace of the conversation',
  retry: 'a retry after a failure',
  seat: 'an operator has its seat',
  paused: 'the conversation is paused',
};

/** Who has the floor, and for each member that has not been granted its turn yet, why. */
export const floorText = ({ floor, waiting }: Pick<ConversationView, 'floor' | 'waiting'>): string => {
  if (floor.length === 0) return 'no member has to speak';
  return floor
    .map((name) => {
      const why = Object.hasOwn(waiting, name) ? (waiting[name] as WaitReason) : undefined;
      return why === undefined ? `${name} writes` : `${name} waits: ${words[why] ?? why}`;
    })
    .join('; ');
};
