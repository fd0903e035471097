import { createHash, randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import { ConfigError, type Environment, userPath } from '@parley/runtime';
import { toItsEnd } from '../../api/follow.ts';
import type { RouterApi } from '../../api/router-api.ts';
import { collected, integerIn, UsageError } from '../../arguments.ts';
import { BatchProgress } from '../../batch/batch-progress.ts';
import { BatchState, type Outcome } from '../../batch/batch-state.ts';
import { batchReport, batchSummary } from '../../batch/batch-summary.ts';
import { type Cell, cellsOf, readAxis } from '../../batch/cells.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { CastDeployment } from '../../deployment/cast-deployment.ts';
import { logNotes } from '../../deployment/log-notes.ts';
import { exitBatchCap } from '../../exit-codes.ts';
import { jsonOption, oneProcessOption, setOption, turnsOption } from '../../options.ts';
import { agentsOf } from '../../scenario/agents.ts';
import { changesOf } from '../../scenario/changes.ts';
import { withKey } from '../../scenario/member-key.ts';
import { openingOf } from '../../scenario/opening.ts';
import { readScenario, type ScenarioFile, scenarioHash } from '../../scenario/read-scenario.ts';
import { readDollars } from '../../scenario/units.ts';
import { StatusLine } from '../../terminal/status-line.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

/** How often the line of progress is drawn again. */
const refreshMs = 1_000;

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

const runOne = async (
  api: RouterApi,
  stop: AbortSignal,
  state: BatchState,
  { cell, file }: Planned,
): Promise<Outcome> => {
  const opening = { ...openingOf(unpaced(file).scenario), labels: [state.label] };
  const { conversation } = await api.open(opening, `${state.key} ${cell.name}`);
  for await (const event of toItsEnd(api, conversation, stop)) {
    if (event.kind !== 'entry' || event.entry.type !== 'ended') continue;
    const view = await api.summary(conversation);
    const { inputTokens, outputTokens, cost } = view.usage;
    const outcome: Outcome = {
      cell: cell.name,
      conversation,
      ending: event.entry.reason,
      turns: view.turns,
      tokens: inputTokens + outputTokens,
      cost,
    };
    state.ended(outcome);
    return outcome;
  }
  throw new Error(`the events of ${conversation} stop before its end`);
};

interface BatchOptions {
  readonly runs: number;
  readonly seed?: number | undefined;
  readonly vary?: readonly string[] | undefined;
  readonly set?: readonly string[] | undefined;
  readonly turns?: number | undefined;
  readonly concurrency: number;
  readonly oneProcess?: true | undefined;
  readonly maxCost?: string | undefined;
  readonly out?: string | undefined;
  readonly url?: string | undefined;
  readonly json?: true | undefined;
}

const runBatch = async (path: string, options: BatchOptions, host: Host): Promise<number> => {
  const { runs, seed, vary = [], set, turns, concurrency, maxCost } = options;
  const cap = maxCost === undefined ? Number.POSITIVE_INFINITY : readDollars(maxCost);
  if (cap === undefined) throw new UsageError('--max-cost: expected an amount such as $5');
  const changes = changesOf({ set, turns });
  const base = readScenario(path, changes, host.env);
  const firstSeed = seed ?? base.scenario.seed ?? 1;
  const cells = cellsOf(runs, firstSeed, vary.map(readAxis));
  const all = planned(path, cells, changes, host.env);

  const what = createHash('sha256').update(`${scenarioHash(base)}\n${vary.join('\n')}\n${firstSeed}`);
  const out = userPath(options.out ?? `batch-${basename(path).replace(/\.ya?ml$/, '')}`, host.env);
  using state = new BatchState(out, what.digest('hex'), randomUUID());
  const todo = all.filter(({ cell }) => !state.outcomes.has(cell.name));
  if (todo.length < all.length)
    host.err.write(
      `Going on with ${options.out ?? basename(out)}: ${all.length - todo.length} runs are done\n`,
    );
  let capped = false;
  if (todo.length > 0) {
    await using castDeployment = await CastDeployment.set(
      {
        url: options.url,
        port: 0,
        ledger: resolve(out, 'ledger.sqlite'),
        agents: agentsOf(base.scenario).map((agent) => withKey(agent, host.env)),
        oneProcess: options.oneProcess,
        env: {
          AGENT_REHEARSAL_DELAY_MS: host.env.AGENT_REHEARSAL_DELAY_MS || '0',
          AGENT_CAPACITY: String(concurrency),
        },
        onLog: logNotes((text) => host.err.write(`${paint(host.err, `* ${text}`, 'dim')}\n`)),
      },
      host,
    );
    const { api, halted } = castDeployment;
    const lines = new StatusLine(host.err);
    lines.line(paint(host.err, `Watch it in a browser: ${castDeployment.url}   Stop it: Ctrl-C`, 'dim'));
    const progress = new BatchProgress(all.length, cap, state.outcomes.values(), Date.now());
    const refresh = () => lines.status(progress.text(Date.now()));
    const timer = setInterval(refresh, refreshMs);
    const worker = async (): Promise<void> => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        capped ||= state.cost >= cap;
        if (capped) return;
        progress.began();
        const outcome = await runOne(api, halted, state, next);
        progress.ended(outcome);
        const how = `${state.outcomes.size}/${all.length} ${next.cell.name}: ${outcome.ending}`;
        // A pipe has no line that is drawn again: each line says how far the batch is.
        lines.line(host.err.live ? how : `${how} · ${progress.text(Date.now())}`);
        refresh();
      }
    };
    try {
      await Promise.all(Array.from({ length: concurrency }, worker));
    } catch (error) {
      if (!host.stop.aborted) throw halted.aborted ? halted.reason : error;
      lines.clear();
      host.err.write(
        `Stopped: ${state.outcomes.size} of ${all.length} runs are done; the same command goes on\n`,
      );
      return 1;
    } finally {
      clearInterval(timer);
      lines.clear();
    }
  }
  if (options.json) host.out.write(`${jsonText(batchReport(cells, state.outcomes), 2)}\n`);
  else host.out.write(batchSummary(host.out, cells, state.outcomes));
  if (capped)
    host.err.write(`The money of this batch is spent: the same command with a higher --max-cost goes on\n`);
  return capped ? exitBatchCap : 0;
};

export const batch: CommandMaker = (host) =>
  commandNamed(
    'batch',
    'run a scenario many times, over seeds and settings, and sum it up',
    `Runs every combination of the settings, each time with the next seed. The same command goes on where it was stopped. Exits with 0 when every run has ended, and with ${exitBatchCap} when the money was spent before.`,
  )
    .argument('<SCENARIO>', 'a scenario file')
    .addOption(
      new Option('--runs <N>', 'how often each combination is run')
        .argParser(integerIn('--runs', 1, 1_000_000))
        .default(1),
    )
    .addOption(
      new Option('--seed <N>', "the first seed (default: the scenario's, else 1)").argParser(
        integerIn('--seed', 0, 2_147_483_647),
      ),
    )
    .addOption(
      new Option(
        '--vary <PATH=A,B>',
        'an axis of the matrix, such as cast.bob.model=gpt-4.1-nano,gpt-4.1-mini; may be repeated',
      ).argParser(collected),
    )
    .addOption(setOption)
    .addOption(oneProcessOption)
    .addOption(turnsOption)
    .addOption(
      new Option('--concurrency <K>', 'how many run at once')
        .argParser(integerIn('--concurrency', 1, 1_000))
        .default(4),
    )
    .option(
      '--max-cost <AMOUNT>',
      'begin no more runs when this is spent; those that run end by their own limits',
    )
    .option('--out <DIR>', 'state and ledger (default: batch-NAME); one batch at a time may use the folder')
    .option('--url <URL>', 'on this router (default: start one)')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      `
The folder of --out has state.jsonl (a line for each run) and ledger.sqlite. To
look at the conversations: ROUTER_LEDGER=DIR/ledger.sqlite parley router, and
parley export --all --format csv.`,
    )
    .action(async (path, options) => host.exitWith(await runBatch(path, options, host)));
