import type { RouterFrame } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { OnFault } from './faults.ts';
import { Opener, type Opening } from './link/opener.ts';
import { RouterLink } from './link/router-link.ts';
import { TranscriptCache } from './memory/transcript-cache.ts';
import { AgentMetrics, type Gauges } from './metrics.ts';
import { type ModelSetup, serverOf, summarises } from './models/choose.ts';
import { observed } from './models/observed.ts';
import { cutShort } from './models/openai/cut-short.ts';
import { sleepUntilAborted, withRetries } from './models/retry.ts';
import { RetryNotes } from './models/retry-notes.ts';
import type { Prompt } from './prompt/prompt.ts';
import type { AgentSettings } from './settings/settings.ts';
import { TurnLoop } from './turns/turn-loop.ts';
import { version } from './version.ts';

export interface AgentParts {
  readonly settings: AgentSettings;
  readonly name: string;
  readonly persona: string | undefined;
  readonly opening: Opening | undefined;
  readonly modelSetup: ModelSetup;
  readonly prompt: Prompt;
  readonly log: Logger;
  readonly onDismissed: (code: number, reason: string) => void;
  /** Of the sources, where the image says it. */
  readonly revision?: string;
}

const charactersPerToken = 4;
const leaveMs = 1_000;

/** An agent: the link to the router on one side, the model on the other, the turn loop between. */
export const makeAgent = (parts: AgentParts) => {
  const { settings, name, persona, opening, modelSetup, prompt, log, onDismissed } = parts;
  const { revision = 'unknown' } = parts;
  const { capacity, historyTokens, maxTokens, target, trustPeers } = settings;
  const now = () => performance.now();
  const send = (frame: Parameters<RouterLink['send']>[0]) => link.send(frame);
  const gauges: Gauges = {
    registered: () => link.registered,
    reconnects: () => link.reconnects,
    active: () => turns.active,
  };
  const { provider, name: model } = modelSetup.model;
  const metrics = new AgentMetrics({ version, revision }, name, { provider, model }, gauges);
  const onFault: OnFault = (place, error) => {
    metrics.caught(place);
    log.error({ err: error, place }, 'an unexpected error was caught');
  };
  const called = observed(cutShort(modelSetup.model), metrics, now);
  const retryNotes = new RetryNotes();
  const retrying = () =>
    withRetries(called, {
      dice: Math.random,
      now,
      sleep: sleepUntilAborted,
      onRetry: (reason, waitMs, { detail: problem }) => {
        metrics.retried(reason);
        const about = { reason, waitMs: Math.round(waitMs), problem, server: serverOf(settings) };
        log[retryNotes.isNew(reason, now()) ? 'warn' : 'debug'](about, 'the model server is asked again');
      },
    });
  const turns = new TurnLoop({
    self: name,
    persona,
    prompt,
    historyTokens,
    maxTokens,
    log,
    now,
    send,
    model: modelSetup.retried ? modelSetup.retried(retrying()) : called,
    summarises: summarises(settings, modelSetup.model),
    trustsPeers: trustPeers,
    dice: Math.random,
    conversations: new TranscriptCache({
      most: Math.max(128, 2 * capacity),
      keepLength: historyTokens * charactersPerToken,
    }),
    onTurn: (outcome) => metrics.turnEnded(outcome),
    onFault,
  });
  const opener = opening && new Opener(opening, send, log);

  const onFrame = (frame: RouterFrame): void => {
    switch (frame.type) {
      case 'turn':
        return turns.granted(frame);
      case 'accepted':
        return opener?.accepted(frame) ? undefined : turns.accepted(frame);
      case 'refused':
        return opener?.refused(frame) ? undefined : turns.refused(frame);
      case 'entry':
        return turns.heard(frame);
      case 'ended':
        log.info({ conversation: frame.conversation, reason: frame.reason }, 'conversation ended');
        return turns.ended(frame.conversation);
      case 'draining':
        log.info({ graceMs: frame.graceMs }, 'the router is about to restart');
        return undefined;
      case 'welcome':
      case 'chunk':
        return undefined;
      default:
        return frame satisfies never;
    }
  };

  const link = new RouterLink({
    url: settings.routerUrl,
    name,
    token: settings.token,
    capacity,
    target,
    model,
    log,
    dice: Math.random,
    now,
    working: () => turns.working(),
    onWelcome: (welcome) => {
      turns.welcomed(welcome);
      opener?.welcomed();
    },
    onFrame,
    onFault,
    onDismissed,
  });

  return {
    metrics,
    onFault,
    get registered() {
      return link.registered;
    },
    start: () => link.open(),
    /**
     * Calls off running turns without a word: the end of the connection tells the router at once, and it grants
     * them to another replica. A pass would first make it wait, and could come back to this very process.
     */
    stop: () => {
      turns.stop();
      return link.close(leaveMs);
    },
  };
};
