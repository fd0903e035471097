import type { RouterFrame } from '@parley/protocol';
import type { Logger, Tracing } from '@parley/runtime';
import type { OnFault } from './faults.ts';
import { Opener, type Opening } from './link/opener.ts';
import { type LinkListener, RouterLink } from './link/router-link.ts';
import { PromptLog } from './memory/prompt-log.ts';
import type { TranscriptCache } from './memory/transcript-cache.ts';
import type { ProcessMetrics } from './metrics.ts';
import { type ModelSetup, serverOf, serverUrl, summarises } from './models/choose.ts';
import { keptPrompts } from './models/kept-prompts.ts';
import type { ModelSource } from './models/model-source.ts';
import { observed } from './models/observed.ts';
import { secretHider } from './models/openai/connection/redacted.ts';
import { serverAddress } from './models/openai/connection/server-address.ts';
import { cutShort } from './models/openai/cut-short.ts';
import { type Retrying, sleepUntilAborted, withRetries } from './models/retry.ts';
import { RetryNotes } from './models/retry-notes.ts';
import { traced } from './models/traced.ts';
import type { Prompt } from './prompt/prompt.ts';
import type { AgentSettings } from './settings/settings.ts';
import { TurnLoop } from './turns/turn-loop.ts';
import { endTurnSpan, startTurnSpan } from './turns/turn-span.ts';

export interface AgentParts {
  readonly settings: AgentSettings;
  readonly name: string;
  readonly persona: string | undefined;
  readonly opening: Opening | undefined;
  readonly modelSetup: ModelSetup;
  readonly prompt: Prompt;
  readonly log: Logger;
  /** Missing: traces are off. All agents of the process share it, and so the two below. */
  readonly tracing?: Tracing | undefined;
  readonly metrics: ProcessMetrics;
  readonly transcripts: TranscriptCache;
  /** Called when the router closed with a code after which the agent must not reconnect. */
  readonly onDismissed: (code: number, reason: string) => void;
}

const charactersPerToken = 4;
const leaveMs = 1_000;
const megabyte = 1024 * 1024;

/** What must not stand in a prompt that an operator reads: the keys of this agent. */
const secretsOf = ({ apiKey, token, baseUrl }: AgentSettings): string[] =>
  [apiKey, token, ...(baseUrl === '' ? [] : serverAddress(baseUrl).secrets)].filter(
    (secret): secret is string => secret !== undefined && secret !== '',
  );

/** An agent: the link to the router on one side, the model on the other, the turn loop between them. */
export const makeAgent = (parts: AgentParts) => {
  const { settings, name, persona, opening, modelSetup, prompt, log, tracing, onDismissed } = parts;
  const { capacity, historyTokens, maxTokens, target, trustPeers } = settings;
  const { provider, name: model, seed } = modelSetup;
  const now = () => performance.now();
  const metrics = parts.metrics.of(name, { provider, model });
  const onFault: OnFault = (place, error) => {
    metrics.caught(place);
    log.error({ err: error, place }, 'an unexpected error was caught');
  };
  const prompts = new PromptLog({
    turns: settings.keepPrompts,
    bytes: settings.keepPromptsMegabytes * megabyte,
    redact: secretHider(secretsOf(settings)),
  });
  const link = new RouterLink({
    urls: settings.routerUrls,
    name,
    token: settings.token,
    capacity,
    target,
    model,
    prompts: prompts.isKept,
    log,
    dice: Math.random,
    now,
    onFault,
    onDismissed,
  });
  const send: RouterLink['send'] = (frame) => link.send(frame);

  const retryNotes = new RetryNotes();
  const retries: Retrying = {
    dice: Math.random,
    now,
    sleep: sleepUntilAborted,
    onRetry: (reason, waitMs, { detail: problem }) => {
      metrics.retried(reason);
      const about = { reason, waitMs: Math.round(waitMs), problem, server: serverOf(settings) };
      log[retryNotes.isNew(reason, now()) ? 'warn' : 'debug'](about, 'the model server is asked again');
    },
  };
  const about = { agent: name, temperature: settings.temperature, server: serverUrl(settings) };
  const modelFor: ModelSource['modelFor'] = (context) => {
    const kept = keptPrompts(modelSetup.modelFor(context), context, prompts, Date.now);
    const called = traced(observed(cutShort(kept), metrics, now), tracing, about);
    return modelSetup.retried?.(withRetries(called, retries)) ?? called;
  };

  const turns = new TurnLoop({
    self: name,
    persona,
    prompt,
    historyTokens,
    maxTokens,
    log,
    now,
    send,
    modelFor,
    seed,
    summarises: summarises(settings, modelSetup),
    trustsPeers: trustPeers,
    dice: Math.random,
    conversations: parts.transcripts.of(name, {
      most: Math.max(128, 2 * capacity),
      keepLength: historyTokens * charactersPerToken,
    }),
    startSpan: tracing && ((grant) => startTurnSpan(tracing, name, grant)),
    onTurn: (outcome) => {
      metrics.turnEnded(outcome);
      endTurnSpan(outcome);
    },
    onFault,
  });
  const opener = opening && new Opener(opening, send, log);
  metrics.observe({
    registered: () => link.registered,
    reconnects: () => link.reconnects,
    active: () => turns.active,
  });

  const onFrame = (frame: RouterFrame): void => {
    switch (frame.type) {
      case 'turn':
        turns.granted(frame);
        break;
      case 'accepted':
        if (!opener?.accepted(frame)) turns.accepted(frame);
        break;
      case 'refused':
        if (!opener?.refused(frame)) turns.refused(frame);
        break;
      case 'entry':
        turns.heard(frame);
        break;
      case 'ended':
        log.info({ conversation: frame.conversation, reason: frame.reason }, 'conversation ended');
        turns.ended(frame.conversation);
        break;
      case 'draining':
        log.info({ graceMs: frame.graceMs }, 'the router is about to restart');
        break;
      case 'prompt':
        send({ type: 'prompt', ref: frame.ref, calls: prompts.of(frame) });
        break;
      case 'welcome':
      case 'chunk':
        break;
      default:
        frame satisfies never;
    }
  };
  const listener: LinkListener = {
    registering: () => turns.registering(),
    onWelcome(welcome) {
      turns.welcomed(welcome);
      opener?.welcomed();
    },
    onFrame,
  };

  return {
    name,
    get registered() {
      return link.registered;
    },
    start: () => link.open(listener),
    /**
     * Aborts running turns and sends no pass: the router sees the end of the connection at once and grants the turns to
     * another replica. After a pass it would wait first, and could grant the turn to this process again.
     */
    stop: async () => {
      turns.stop();
      await link.close(leaveMs);
    },
  };
};
export type Agent = ReturnType<typeof makeAgent>;
