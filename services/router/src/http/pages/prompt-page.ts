import type { Entry } from '@parley/protocol';
import { promptWaitMs } from '../../presence/prompt-requests.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { errorReply, type HttpReply, reply } from '../server/replies.ts';

type Answer = Extract<Entry, { type: 'said' | 'passed' | 'bid' | 'lapsed' }> & { readonly turn: number };

const isAnswer = (entry: Entry): entry is Answer => 'turn' in entry && entry.turn !== undefined;

/**
 * The entry, and the conversation under whose id its turn was granted: the one that the entry was written in, which may be one
 * that this one was forked from.
 */
function* entryWithOrigin(
  { conversations }: HttpRouter,
  id: string,
  seq: number,
): Generator<number, { readonly entry: Entry; readonly origin: string } | 'no-conversation' | undefined> {
  let state = yield* conversations.findSlowly(id);
  if (!state) return 'no-conversation';
  const [entry] = conversations.page(id, seq - 1, { entries: 1, bytes: 0 });
  if (entry?.seq !== seq) return undefined;
  let origin = id;
  while (state?.parent && seq <= state.parent.seq) {
    origin = state.parent.conversation;
    state = yield* conversations.findSlowly(origin);
  }
  return { entry, origin };
}

/** The calls of a model that led to an entry, from the agent that made them. */
export const promptReply = async (router: HttpRouter, id: string, seq: number): Promise<HttpReply> => {
  const found = await router.reads.run(entryWithOrigin(router, id, seq));
  if (found === 'no-conversation') return errorReply('unknown-conversation', 'there is no such conversation');
  if (!found) return errorReply('not-found', `the conversation has no entry ${seq}`);
  const { entry, origin } = found;
  if (!isAnswer(entry))
    return errorReply(
      'not-found',
      `entry ${seq} (${entry.type}) answers no turn, so no model was asked for it`,
    );
  const { from, turn } = entry;
  const answer = await router.promptSource.ask(from, { conversation: origin, turn });
  switch (answer.kind) {
    case 'calls':
      return reply('prompt', { conversation: id, seq, from, turn, calls: answer.calls });
    case 'away':
      return errorReply(
        'unavailable',
        `${from} is not connected, and only the agent itself keeps its prompts`,
      );
    case 'not-kept':
      return errorReply('not-found', `${from} keeps no prompts: AGENT_KEEP_PROMPTS says how many it keeps`);
    case 'forgotten':
      return errorReply(
        'not-found',
        `${from} has no prompt of turn ${turn}: it is too long ago, or another process or a person answered it`,
      );
    case 'late':
      return errorReply('unavailable', `${from} did not answer within ${promptWaitMs / 1_000} s`);
    case 'busy':
      return errorReply('rate-limited', 'too many prompts are being asked for: try again');
    default:
      return answer satisfies never;
  }
};
