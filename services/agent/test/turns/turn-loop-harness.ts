import { setImmediate } from 'node:timers/promises';
import type { ClientFrame, RouterFrameOf } from '@parley/protocol';
import { makeLogger } from '@parley/runtime';
import { TranscriptCache } from '../../src/memory/transcript-cache.ts';
import type { TurnContext } from '../../src/memory/turn-context.ts';
import { viewPrompt } from '../../src/prompt/prompt.ts';
import type { TurnOutcome } from '../../src/turns/turn.ts';
import { TurnLoop, type TurnLoopOptions } from '../../src/turns/turn-loop.ts';
import { fakeModel } from '../fake-model.ts';
import { openedEntry } from '../turn-contexts.ts';

type Grant = RouterFrameOf<'turn'>;

/** The first turn of alice's conversation with bob, as the router grants it. */
export const grantOf = (more: Partial<Grant> = {}): Grant => ({
  type: 'turn',
  conversation: 'c1',
  turn: 1,
  attempt: 1,
  deadlineMs: 120_000,
  remaining: {},
  entries: [openedEntry()],
  ...more,
});

/** Alice's turn loop with a model that the test speaks for, and what it sends while the link is up. */
export const loopOf = (more: Partial<TurnLoopOptions> = {}) => {
  const { model, calls } = fakeModel();
  const sent: ClientFrame[] = [];
  const contexts: TurnContext[] = [];
  const outcomes: TurnOutcome[] = [];
  const link = { up: true };
  const transcripts = new TranscriptCache(1_000_000);
  const conversations = transcripts.of('alice', { most: 4, keepLength: 10_000 });
  const loop = new TurnLoop({
    self: 'alice',
    persona: undefined,
    modelFor(context) {
      contexts.push(context);
      return model;
    },
    seed: undefined,
    prompt: viewPrompt,
    conversations,
    historyTokens: 1_000,
    maxTokens: undefined,
    summarises: false,
    trustsPeers: false,
    dice: () => 1,
    log: makeLogger('agent', 'silent'),
    now: () => performance.now(),
    send: (frame) => link.up && sent.push(frame) > 0,
    onTurn: (outcome) => outcomes.push(outcome),
    onFault: (_place, error) => {
      throw error;
    },
    ...more,
  });
  return { loop, calls, contexts, sent, outcomes, link, transcripts, settled: () => setImmediate() };
};
