import { createHash, randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, type Environment, userPath } from '@parley/runtime';
import { toItsEnd } from '../api/follow.ts';
import type { RouterApi } from '../api/router-api.ts';
import { onlyOne, UsageError, wholeNumber } from '../arguments.ts';
import { BatchState } from '../batch/batch-state.ts';
import { batchSummary } from '../batch/batch-summary.ts';
import { type Cell, cellsOf, readAxis } from '../batch/cells.ts';
import type { Command, Host } from '../command.ts';
import { CastDeployment } from '../deployment/cast-deployment.ts';
import { logNotes } from '../deployment/log-notes.ts';
import { exitBatchCap } from '../exit-codes.ts';
import { agentsOf } from '../scenario/agents.ts';
import { changeOptions, changesOf } from '../scenario/changes.ts';
import { withKey } from '../scenario/member-key.ts';
import { openingOf } from '../scenario/opening.ts';
import { readScenario, type ScenarioFile, scenarioHash } from '../scenario/read-scenario.ts';
import { readDollars } from '../scenario/units.ts';
import { paint } from '../terminal/terminal.ts';

interface Planned {
  readonly cell: Cell;
  readonly file: ScenarioFile;
}

/**
 * All runs, checked before the first one begins. Only settings of the conversation may differ between them, not settings of
 * processes.
 */
const planned = (
  path: string,
  cells: readonly Cell[],
  changes: ScenarioFile['changes'],
  env: Environment,
): Planned[] => {
  const all = cells.map((cell) => ({ cell, file: readScenario(path, [...changes, ...cell.changes], env) }));
  const processes = ({ file }: Planned) =>
    JSON.stringify(
      agentsOf(file.scenario).map(({ env: { OPENAI_MODEL: _, ...env }, ...agent }) => [agent, env]),
    );
  const odd = all.find((one) => processes(one) !== processes(all[0] as Planned));
  if (odd) {
    throw new ConfigError([
      `--vary: ${odd.cell.name} changes how an agent is started, and the agents are shared by all runs: vary models, personas, limits and seeds`,
    ]);
  }
  return all;
};

/** A batch is read afterwards, so no pause is made for readers. */
const unpaced = (file: ScenarioFile): ScenarioFile => {
  const { pace: _, ...turn } = file.scenario.turn ?? {};
  return { ...file, scenario: { ...file.scenario, turn } };
};

const runOne = async (api: RouterApi, stop: AbortSignal, state: BatchState, { cell, file }: Planned) => {
  const { conversation } = await api.open(openingOf(unpaced(file).scenario), `${state.key} ${cell.name}`);
  for await (const event of toItsEnd(api, conversation, stop)) {
    if (event.kind !== 'entry' || event.entry.type !== 'ended') continue;
    const view = await api.summary(conversation);
    const { inputTokens, outputTokens, cost } = view.usage;
    state.ended({
      cell: cell.name,
      conversation,
      ending: event.entry.reason,
      turns: view.turns,
      tokens: inputTokens + outputTokens,
      cost,
    });
  }
};

const readOptions = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      ...changeOptions,
      runs: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '4' },
      vary: { type: 'string', multiple: true, default: [] },
      'max-cost': { type: 'string' },
      out: { type: 'string' },
      url: { type: 'string' },
    },
    allowPositionals: true,
  });

const runBatch = async (args: readonly string[], host: Host): Promise<number> => {
  const { values, positionals } = readOptions(args);
  const path = onlyOne(positionals, 'scenario file');
  const runs = wholeNumber('runs', values.runs, 1, 1_000_000);
  const concurrency = wholeNumber('concurrency', values.concurrency, 1, 1_000);
  const cap = values['max-cost'] === undefined ? Number.POSITIVE_INFINITY : readDollars(values['max-cost']);
  if (cap === undefined) throw new UsageError('--max-cost: expected an amount such as $5');
  const { seed, ...others } = values;
  const changes = changesOf({ set: others.set, turns: others.turns });
  const base = readScenario(path, changes, host.env);
  const firstSeed =
    seed === undefined ? (base.scenario.seed ?? 1) : wholeNumber('seed', seed, 0, 2_147_483_647);
  const cells = cellsOf(runs, firstSeed, values.vary.map(readAxis));
  const all = planned(path, cells, changes, host.env);

  const what = createHash('sha256').update(`${scenarioHash(base)}\n${values.vary.join('\n')}\n${firstSeed}`);
  const out = userPath(values.out ?? `batch-${basename(path).replace(/\.ya?ml$/, '')}`, host.env);
  using state = new BatchState(out, what.digest('hex'), randomUUID());
  const todo = all.filter(({ cell }) => !state.outcomes.has(cell.name));
  if (todo.length < all.length)
    host.err.write(
      `Going on with ${values.out ?? basename(out)}: ${all.length - todo.length} runs are done\n`,
    );
  let capped = false;
  if (todo.length > 0) {
    await using castDeployment = await CastDeployment.set(
      {
        url: values.url,
        port: 0,
        ledger: resolve(out, 'ledger.sqlite'),
        agents: agentsOf(base.scenario).map((agent) => withKey(agent, host.env)),
        env: {
          AGENT_REHEARSAL_DELAY_MS: host.env.AGENT_REHEARSAL_DELAY_MS || '0',
          AGENT_CAPACITY: String(concurrency),
        },
        onLog: logNotes((text) => host.err.write(`${paint(host.err, `* ${text}`, 'dim')}\n`)),
      },
      host,
    );
    const worker = async (): Promise<void> => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        capped ||= state.cost >= cap;
        if (capped) return;
        await runOne(castDeployment.api, castDeployment.halted, state, next);
        const outcome = state.outcomes.get(next.cell.name);
        host.err.write(`${state.outcomes.size}/${all.length} ${next.cell.name}: ${outcome?.ending}\n`);
      }
    };
    try {
      await Promise.all(Array.from({ length: concurrency }, worker));
    } catch (error) {
      throw castDeployment.halted.aborted && !host.stop.aborted ? castDeployment.halted.reason : error;
    }
  }
  host.out.write(batchSummary(host.out, cells, state.outcomes));
  if (capped)
    host.err.write(`The money of this batch is spent: the same command with a higher --max-cost goes on\n`);
  return capped ? exitBatchCap : 0;
};

export const batch: Command = {
  summary: 'run a scenario many times, over seeds and settings, and sum it up',
  usage: `Usage: parley batch FILE [OPTIONS]

  --runs N             how often each combination is run, each time with the next seed (default: 1)
  --seed N             the first seed (default: the scenario's, else 1)
  --vary PATH=A,B,...  an axis of the matrix, such as cast.bob.model=gpt-4.1-nano,gpt-4.1-mini; may be repeated
  --set PATH=VALUE     a change that holds for all runs; may be repeated
  --turns N            another limit on turns
  --concurrency K      how many run at once (default: 4)
  --max-cost AMOUNT    begin no more runs when this is spent; those under way end by their own limits
  --out DIR            state and ledger (default: batch-NAME); the same command goes on where it was
                       stopped; one batch at a time may use it
  --url URL            on this router (default: start one)

Exits with 0 when every run has ended, with ${exitBatchCap} when the money was spent before.
`,
  run: runBatch,
};
