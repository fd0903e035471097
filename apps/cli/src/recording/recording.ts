import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Entry } from '@parley/protocol';
import { ConfigError, type Environment } from '@parley/runtime';
import { installation } from '../deployment/installation.ts';
import { ledgerHash } from '../ledger-hash.ts';
import type { AgentProcess } from '../scenario/agents.ts';
import { parseScenario, problemLines, type ScenarioFile, scenarioHash } from '../scenario/read-scenario.ts';
import { writing } from '../writable.ts';
import { cassetteFacts } from './cassette-facts.ts';
import type { Manifest } from './manifest.ts';

const files = {
  manifest: 'manifest.json',
  scenario: 'scenario.yaml',
  ledger: 'entries.jsonl',
  cassettes: 'cassettes',
};

const cassetteOf = (folder: string, { name }: AgentProcess, place: number, agents: number): string =>
  resolve(folder, files.cassettes, agents > 1 ? `${name}.${place}.jsonl` : `${name}.jsonl`);

/** The environment that makes an agent record its model calls in a file, or answer only from that file. */
const cassetteEnv = (mode: 'record' | 'replay', path: string): Environment => ({
  AGENT_CASSETTE: path,
  AGENT_CASSETTE_MODE: mode,
});

/** A running recording. */
export class Recording {
  readonly key: string;
  readonly #folder: string;
  readonly #file: ScenarioFile;

  private constructor(folder: string, file: ScenarioFile, key: string) {
    this.#folder = folder;
    this.#file = file;
    this.key = key;
  }

  static begin(folder: string, file: ScenarioFile, key: string): Recording {
    writing(folder, () => mkdirSync(join(folder, files.cassettes), { recursive: true }));
    if (readdirSync(folder).length > 1 || readdirSync(join(folder, files.cassettes)).length > 0) {
      throw new ConfigError([`${folder} is not empty: a record needs a folder of its own`]);
    }
    writing(folder, () => writeFileSync(join(folder, files.scenario), file.text));
    return new Recording(folder, file, key);
  }

  recorded(agent: AgentProcess, place: number): AgentProcess {
    const { replicas = 1 } = this.#file.scenario.cast.get(agent.name) ?? {};
    const path = cassetteOf(this.#folder, agent, place, replicas);
    return { ...agent, env: { ...agent.env, ...cassetteEnv('record', path) } };
  }

  finish(conversation: string, entries: readonly Entry[]): Manifest {
    const last = entries.at(-1);
    if (last?.type !== 'ended') throw new Error('only a conversation that has ended is a record');
    const { scenario, file, text, changes } = this.#file;
    const manifest: Manifest = {
      format: 1,
      parley: installation.version,
      node: process.version,
      scenario: { file, sha256: scenarioHash({ text, changes }), changes },
      key: this.key,
      conversation,
      seed: scenario.seed,
      models: cassetteFacts(join(this.#folder, files.cassettes), entries),
      startedAt: new Date(entries[0]?.at ?? 0).toISOString(),
      ending: last.reason,
      entries: entries.length,
      ledgerSha256: ledgerHash(entries),
    };
    writeFileSync(
      join(this.#folder, files.ledger),
      entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
    );
    // Written last, so that a folder with a manifest is a complete recording.
    writeFileSync(join(this.#folder, files.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }
}

const isManifest = (value: unknown): value is Manifest => {
  const { format, scenario, key, conversation, ledgerSha256 } = (value ?? {}) as Partial<Manifest>;
  return (
    Number.isInteger(format) &&
    typeof scenario?.sha256 === 'string' &&
    Array.isArray(scenario.changes) &&
    [key, conversation, ledgerSha256].every((one) => typeof one === 'string')
  );
};

const jsonIn = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** Reads a recorded run. */
export class RecordedRun {
  readonly manifest: Manifest;
  readonly file: ScenarioFile;
  readonly entries: readonly Entry[];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    const read = (name: string): string => {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch (error) {
        throw new ConfigError([`${folder} is not a record: ${(error as Error).message}`]);
      }
    };
    const manifest = jsonIn(read(files.manifest));
    if (!isManifest(manifest))
      throw new ConfigError([`${join(folder, files.manifest)} is not the description of a record`]);
    this.manifest = manifest;
    if (this.manifest.format !== 1) {
      throw new ConfigError([
        `${folder} was recorded in format ${this.manifest.format}, which this parley does not know`,
      ]);
    }
    const text = read(files.scenario);
    const { changes, sha256 } = this.manifest.scenario;
    if (scenarioHash({ text, changes }) !== sha256) {
      throw new ConfigError([`${join(folder, files.scenario)} has been changed since it was recorded`]);
    }
    const parsed = parseScenario(text, changes);
    if (!parsed.ok) throw new ConfigError(problemLines(join(folder, files.scenario), parsed.problems));
    this.file = { file: join(folder, files.scenario), text, changes, scenario: parsed.scenario };
    const lines = read(files.ledger).split('\n');
    const entries = lines.filter((line) => line !== '').map(jsonIn);
    // A line that is no object of an entry has no hash.
    const isWhole = entries.every((entry) => typeof entry === 'object' && entry !== null);
    this.entries = entries as Entry[];
    if (!isWhole || ledgerHash(this.entries) !== this.manifest.ledgerSha256) {
      throw new ConfigError([`${join(folder, files.ledger)} has been changed since it was recorded`]);
    }
  }

  replayed(agent: AgentProcess, place: number): AgentProcess {
    const { replicas = 1 } = this.file.scenario.cast.get(agent.name) ?? {};
    const path = cassetteOf(this.#folder, agent, place, replicas);
    return { ...agent, env: { ...agent.env, ...cassetteEnv('replay', path) } };
  }
}
