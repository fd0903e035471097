import { existsSync, statSync } from 'node:fs';
import { defaultPort, maxCapacity, nameFault, policyNames } from '@parley/protocol';
import {
  choice,
  decimal,
  integer,
  logFormats,
  logLevels,
  path,
  probePort,
  type Setting,
  secret,
  text,
  toggle,
  traceSettings,
  type Values,
} from '@parley/runtime';
import { usualPolicy } from '../policies/policies.ts';
import { agentNames, list, name } from './names.ts';
import { serverSettings } from './server-settings.ts';
import { urls } from './url-setting.ts';

const healthPort = probePort('AGENT_HEALTH_PORT', 'port of /healthz, /readyz and /metrics');

/**
 * The token is sent in a header, which allows no other characters. A deployment that mounts a folder for it also serves routers that
 * require no token: the folder is empty then.
 */
const token: Setting<string | undefined> = {
  ...secret('AGENT_TOKEN', 'token that the agent sends to the router when it connects'),
  optionalFile: true,
  read: (raw) =>
    raw === undefined || /^[!-~]+$/.test(raw)
      ? { value: raw }
      : { problem: 'expected letters, digits and marks of ASCII, without spaces' },
};

/** A text is often too long for a path, which `statSync` throws for. */
const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();
/** One word that has a slash or the ending of a text file, or a text that begins like a path. */
const looksLikePath = (text: string): boolean =>
  (/^\S+$/.test(text) && /[\\/]|\.(?:txt|text|md|markdown|prompt|ya?ml|json)$/i.test(text)) ||
  (/^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(text) && !text.includes('\n'));

/** A text or the path of a file with the text. A path to a missing file is refused: it is no persona. */
const persona: Setting<string | undefined> = {
  ...text('AGENT_PERSONA', {
    help: 'who the agent is: a text, or the path of a file that contains it',
    fallback: undefined,
  }),
  read(given, resolve) {
    if (given === undefined) return { value: undefined };
    const raw = given.trim();
    const file = resolve(raw);
    if (raw.length <= 4_096 && !raw.includes('\0') && isFile(file)) return { value: file };
    return looksLikePath(raw) ? { problem: `there is no file ${file}` } : { value: given };
  },
};

/** Every setting of the agent. `agent NAME TARGET FIRST_SPEAKER` on the command line overrides those three. */
export const settings = {
  name: name('AGENT_NAME', "this agent's name; unset: the container's (crowd-3), else the host's"),
  names: agentNames(
    'AGENT_NAMES',
    'several agents in one process: names with commas between, or ranges such as crowd-{1..50}; a setting for one of them has its name inside: AGENT_ANN_PERSONA, AGENT_ANN_OPENAI_MODEL, for a range AGENT_CROWD_PERSONA',
  ),
  target: name(
    'AGENT_TARGET',
    'member that it addresses in the conversation that it opens, and in a ring of targets; a reply goes to the member that addressed it',
  ),
  firstSpeaker: text('AGENT_FIRST_SPEAKER', {
    help: 'true, or the name of this agent: it opens the conversation',
    fallback: 'false',
    fault: nameFault,
  }),
  routerUrls: urls('ROUTER_URL', {
    help: 'URL of the router; of several routers on one ledger: all their URLs, with commas or spaces between',
    fallback: `ws://localhost:${defaultPort}`,
    schemes: 'ws:, wss:',
  }),
  token,

  modelKind: choice('AGENT_MODEL_KIND', {
    help: 'auto: openai if there is a key or a base URL, else rehearsal (no language model)',
    of: ['auto', 'openai', 'rehearsal'],
    fallback: 'auto',
  }),
  ...serverSettings,
  temperature: decimal('AGENT_TEMPERATURE', {
    help: "0..2; unset: the server's own",
    fallback: undefined,
    min: 0,
    max: 2,
  }),
  maxTokens: integer('AGENT_MAX_TOKENS', {
    help: 'maximum tokens per reply; unset: 2000, or 8000 for a model that reasons before it replies',
    fallback: undefined,
    min: 1,
    max: 1_000_000,
  }),
  historyTokens: integer('AGENT_HISTORY_TOKENS', {
    help: 'maximum tokens of a prompt',
    fallback: 8_000,
    min: 100,
    max: 10_000_000,
  }),
  summary: choice('AGENT_SUMMARY', {
    help: 'whether the model summarises messages that no longer fit into its prompt; auto: on for a language model',
    of: ['auto', 'on', 'off'],
    fallback: 'auto',
  }),
  trustPeers: toggle('AGENT_TRUST_PEERS', {
    help: "show the model others' messages unchanged, even if they look like instructions: for red teams",
    fallback: false,
  }),
  persona,
  promptModule: path('AGENT_PROMPT_MODULE', {
    help: 'a TypeScript or JavaScript file that exports makePrompt()',
    fallback: undefined,
  }),
  seed: integer('AGENT_SEED', {
    help: 'makes a rehearsal repeatable; each model call is sent a seed drawn from it; unset: no seed',
    fallback: undefined,
    min: 0,
    max: 2_147_483_647,
  }),
  cassette: path('AGENT_CASSETTE', {
    help: 'where calls of the model are recorded or replayed from: a file, or a directory with one file per agent',
    fallback: undefined,
  }),
  cassetteMode: choice('AGENT_CASSETTE_MODE', {
    help: 'record; or replay, which needs no key and no network, and calls no model',
    of: ['off', 'record', 'replay'],
    fallback: 'off',
  }),
  rehearsalDelayMs: integer('AGENT_REHEARSAL_DELAY_MS', {
    help: 'time that a rehearsed reply takes',
    fallback: 0,
    min: 0,
    max: 60_000,
  }),

  keepPrompts: integer('AGENT_KEEP_PROMPTS', {
    help: 'turns whose prompts are kept in memory, for operators to read; 0 keeps none',
    fallback: 0,
    min: 0,
    max: 10_000,
  }),
  keepPromptsMegabytes: integer('AGENT_KEEP_PROMPTS_MB', {
    help: 'maximum megabytes of kept prompts',
    fallback: 8,
    min: 1,
    max: 1_024,
  }),

  topic: text('AGENT_TOPIC', { help: 'topic of the conversation that it opens', fallback: undefined }),
  members: list('AGENT_MEMBERS', {
    help: 'further members of the conversation that it opens: names with commas between',
    separator: ',',
    fault: nameFault,
  }),
  policy: choice('AGENT_POLICY', {
    help: 'the policy of the conversation that it opens',
    of: policyNames,
    fallback: usualPolicy,
  }),
  maxTurns: integer('AGENT_MAX_TURNS', {
    help: "turns of the conversation that it opens; 0: no limit; unset: the router's",
    fallback: undefined,
    min: 0,
    max: 1_000_000_000,
  }),
  maxDurationSeconds: integer('AGENT_MAX_DURATION_SECONDS', {
    help: "seconds that the conversation that it opens may last; 0: no limit; unset: the router's",
    fallback: undefined,
    min: 0,
    max: 1_000_000_000,
  }),
  maxRepetition: decimal('AGENT_MAX_REPETITION', {
    help: 'four messages in a row that are more alike than this share to earlier ones end the conversation that it opens; 0 is off',
    fallback: 0.9,
    min: 0,
    max: 1,
  }),
  stopPhrases: list('AGENT_STOP_PHRASES', {
    help: 'phrases that end the conversation that it opens, with | between',
    separator: '|',
  }),

  capacity: integer('AGENT_CAPACITY', {
    help: 'maximum number of turns at the same time, each of another conversation',
    fallback: 8,
    min: 1,
    max: maxCapacity,
  }),
  healthPort,
  logLevel: choice('LOG_LEVEL', { help: 'minimum log level', of: logLevels, fallback: 'info' }),
  logFormat: choice('LOG_FORMAT', {
    help: 'json: one object per line, for programs; pretty: text for people',
    of: logFormats,
    fallback: 'json',
  }),
  ...traceSettings,
} satisfies Record<string, Setting<unknown>>;
export type AgentSettings = Values<typeof settings>;
