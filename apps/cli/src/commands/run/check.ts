import { ConfigError } from '@parley/runtime';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { jsonOption } from '../../options.ts';
import { readScenario } from '../../scenario/read-scenario.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

type Checked =
  | { readonly file: string; readonly ok: true; readonly scenario: Scenario }
  | { readonly file: string; readonly ok: false; readonly problems: readonly string[] };

const checked = (file: string, { env }: Host): Checked => {
  try {
    return { file, ok: true, scenario: readScenario(file, [], env).scenario };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, ok: false, problems: error.problems };
  }
};

const report = (one: Checked, { out, err }: Host): void => {
  if (!one.ok) {
    for (const problem of one.problems) err.write(`${problem}\n`);
    return;
  }
  const { title, cast, policy = 'addressed' } = one.scenario;
  const names = [...cast.keys()].join(', ');
  out.write(`${one.file}: ${paint(out, 'ok', 'green')} (${title ?? 'no title'}; ${policy}; ${names})\n`);
};

const asJson = (one: Checked): object => {
  if (!one.ok) return one;
  const { title, cast, policy = 'addressed' } = one.scenario;
  return { file: one.file, ok: true, title, policy, members: [...cast.keys()] };
};

export const check: CommandMaker = (host) =>
  commandNamed(
    'check',
    'say whether scenario files are right, and if not, where',
    'Reads scenario files and lists every problem, one a line: FILE:LINE:COLUMN: what is wrong. Exits with 1 when there is any.',
  )
    .argument('<FILES...>', 'scenario files')
    .addOption(jsonOption)
    .action((files, { json }) => {
      const all = files.map((file) => checked(file, host));
      if (json) host.out.write(`${jsonText(all.map(asJson), 2)}\n`);
      else for (const one of all) report(one, host);
      host.exitWith(all.every(({ ok }) => ok) ? 0 : 1);
    });
