import { closings } from '@parley/protocol';
import { ConfigError, type Logger, noSpans, type Tracing } from '@parley/runtime';
import { type Agent, makeAgent } from './agent.ts';
import { openingOf } from './link/opener.ts';
import { TranscriptCache } from './memory/transcript-cache.ts';
import { ProcessMetrics } from './metrics.ts';
import { chooseModel } from './models/choose.ts';
import { loadPromptModule, readPersona, viewPrompt } from './prompt/prompt.ts';
import type { AgentSettings } from './settings/settings.ts';
import { version } from './version.ts';

/** The maximum of all transcripts together: 16 to 32 MiB of the 192 MB that an agent process has. */
const cachedCharacters = 16 * 1024 * 1024;
const namesShown = 10;

const tokenHint =
  'AGENT_TOKEN, or the file of AGENT_TOKEN_FILE, must hold a token that the router knows for this name';

export interface NamedSettings {
  readonly name: string;
  readonly settings: AgentSettings;
}

interface HostedAgentsParts {
  readonly log: Logger;
  readonly tracing: Tracing | undefined;
  /** The revision of the sources, if the image has it. */
  readonly revision: string | undefined;
  /** Called when the router has closed the connections of all agents for good. */
  readonly onAllDismissed: () => void;
}

/**
 * The agents of a process. They share its metrics, its traces and its cache of transcripts. A fault of one of them does not end
 * another one.
 */
export class HostedAgents {
  readonly metrics: ProcessMetrics;
  readonly #parts: HostedAgentsParts;
  readonly #transcripts = new TranscriptCache(cachedCharacters);
  readonly #agents: Agent[] = [];
  #dismissed = 0;

  private constructor(parts: HostedAgentsParts) {
    const { tracing, revision = 'unknown' } = parts;
    this.#parts = parts;
    this.metrics = new ProcessMetrics({ version, revision }, () => tracing?.counts ?? noSpans);
  }

  /** All agents, or a ConfigError with the problems of all of them. None is connected yet. */
  static async make(cast: readonly NamedSettings[], parts: HostedAgentsParts): Promise<HostedAgents> {
    const agents = new HostedAgents(parts);
    const problems: string[] = [];
    for (const one of cast) {
      try {
        agents.#agents.push(await agents.#make(one));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const whose = cast.length > 1 ? `${one.name}: ` : '';
        problems.push(...error.problems.map((problem) => whose + problem));
      }
    }
    if (problems.length > 0) throw new ConfigError(problems);
    return agents;
  }

  /** Why the process is not ready: the agents that are not registered. Undefined when all are. */
  get unready(): string | undefined {
    const away = this.#agents.filter(({ registered }) => !registered).map(({ name }) => name);
    if (away.length === 0) return undefined;
    const more = away.length > namesShown ? ` and ${away.length - namesShown} more` : '';
    const who = this.#agents.length > 1 ? `: ${away.slice(0, namesShown).join(', ')}${more}` : '';
    return `not registered with the router${who}`;
  }

  start(): void {
    for (const agent of this.#agents) agent.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await this.#parts.tracing?.stop();
  }

  /** An error that no agent has caught. */
  onFault(error: unknown): void {
    this.metrics.caught();
    this.#parts.log.error({ err: error, place: 'process' }, 'an unexpected error was caught');
  }

  async #make({ name, settings }: NamedSettings): Promise<Agent> {
    const { tracing } = this.#parts;
    const { promptModule } = settings;
    const log = this.#parts.log.child({ agent: name });
    const agent = makeAgent({
      settings,
      name,
      opening: openingOf(settings, name),
      persona: readPersona(settings.persona),
      modelSetup: await chooseModel(settings, name, log),
      prompt: promptModule === undefined ? viewPrompt : await loadPromptModule(promptModule),
      log,
      tracing,
      metrics: this.metrics,
      transcripts: this.#transcripts,
      onDismissed: (code, reason) => {
        const hint = code === closings.unauthenticated.code ? { hint: tokenHint } : {};
        log.error({ code, reason, ...hint }, 'the router closed the connection for good');
        this.#dismiss(agent);
      },
    });
    return agent;
  }

  /** The router has closed the link of the agent for good, so the results of its turns are useless. The other agents continue. */
  #dismiss(agent: Agent): void {
    agent.stop().catch((error: unknown) => this.onFault(error));
    this.#dismissed += 1;
    if (this.#dismissed === this.#agents.length) this.#parts.onAllDismissed();
  }
}
