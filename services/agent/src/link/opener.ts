import type { ClientFrame, RouterFrameOf } from '@parley/protocol';
import { ConfigError, type Logger } from '@parley/runtime';
import type { AgentSettings } from '../settings/settings.ts';

export type Opening = Omit<Extract<ClientFrame, { type: 'open' }>, 'type' | 'ref' | 'resume'>;

const ref = 'opening';
const askAgainMs = 1_000;

/** The conversation that this agent opens; undefined when it opens none. */
export const openingOf = (settings: AgentSettings, name: string): Opening | undefined => {
  const {
    firstSpeaker,
    target,
    members,
    topic,
    policy,
    maxTurns,
    maxDurationSeconds,
    stopPhrases,
    maxRepetition,
  } = settings;
  if (target === name) {
    throw new ConfigError([`AGENT_TARGET: ${name} is this agent itself; name the one it talks to`]);
  }
  if (firstSpeaker !== name && !/^(true|1|yes|on)$/i.test(firstSpeaker)) return undefined;
  const others = [...(target === undefined ? [] : [target]), ...members].filter((one) => one !== name);
  if (others.length === 0) {
    throw new ConfigError(['AGENT_FIRST_SPEAKER: this agent opens, but AGENT_TARGET does not say with whom']);
  }
  return {
    members: [...new Set([name, ...others])],
    policy,
    limits: {
      ...(maxTurns !== undefined && { maxTurns }),
      ...(maxDurationSeconds !== undefined && { maxDurationMs: maxDurationSeconds * 1_000 }),
      ...(stopPhrases.length > 0 && { stopPhrases }),
      maxRepetition,
    },
    ...(topic !== undefined && { topic }),
  };
};

/**
 * Opens the conversation of this agent, once. It sends `open` at every registration until the router has accepted it. The frame has
 * `resume`, so that a repetition, also after a restart of the process, finds the conversation that still runs.
 */
export class Opener {
  readonly #opening: Opening;
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #log: Logger;
  #done = false;

  constructor(opening: Opening, send: (frame: ClientFrame) => boolean, log: Logger) {
    this.#opening = opening;
    this.#send = send;
    this.#log = log;
  }

  welcomed(): void {
    if (!this.#done) this.#send({ type: 'open', ref, ...this.#opening, resume: true });
  }

  /** True when the frame answers the opening. */
  accepted(frame: RouterFrameOf<'accepted'>): boolean {
    if (frame.ref !== ref) return false;
    const { conversation, resumed } = frame;
    if (!this.#done) this.#log.info({ conversation }, `conversation ${resumed ? 'resumed' : 'opened'}`);
    this.#done = true;
    return true;
  }

  /** True when the frame answers the opening. */
  refused({ ref: refusedRef, code, message, retry }: RouterFrameOf<'refused'>): boolean {
    if (refusedRef !== ref) return false;
    if (retry) setTimeout(() => this.welcomed(), askAgainMs).unref();
    else {
      this.#done = true;
      this.#log.error({ code, problem: message }, 'the router refuses to open the conversation');
    }
    return true;
  }
}
