import { ConfigError, userPath } from '@parley/runtime';
import { type RouterChoice, routerOf } from '../api/named-router.ts';
import { type CommandMaker, commandNamed, type Host } from '../command.ts';
import { installation } from '../deployment/installation.ts';
import { diagnosis } from '../doctor/diagnosis.ts';
import { type Finding, findingsOf } from '../doctor/finding.ts';
import type { AskedRouter } from '../doctor/router-check.ts';
import { machine } from '../doctor/surroundings.ts';
import { contextOption, jsonOption, urlOption } from '../options.ts';
import { harmless, jsonText, paint, type Screen, wrap } from '../terminal/terminal.ts';

const marks = { ok: ['ok', 'green'], note: ['note', 'yellow'], fault: ['FAULT', 'red'] } as const;
const labelColumns = 7;
const pipedColumns = 80;

/** One finding, and below it what fixes it. */
const shown = (out: Screen, finding: Finding): string => {
  const [word, style] = marks[finding.level];
  const columns = Math.min(out.live ? out.columns : pipedColumns, 100) - labelColumns;
  const indent = ' '.repeat(labelColumns);
  const [first = '', ...more] = wrap(harmless(finding.text), columns);
  const lines = [
    `${paint(out, word.padEnd(labelColumns), 'bold', style)}${first}`,
    ...more.map((line) => indent + line),
  ];
  if ('fix' in finding && finding.fix !== undefined) {
    // In one line, however long: it is for copying.
    lines.push(`${indent}${paint(out, `fix: ${finding.fix}`, 'cyan')}`);
  }
  return `${lines.join('\n')}\n`;
};

const verdict = (out: Screen, findings: readonly Finding[]): string => {
  const faults = findings.filter(({ level }) => level === 'fault').length;
  return faults === 0
    ? `${paint(out, 'Nothing is wrong.', 'bold', 'green')}\n`
    : `${paint(out, `${faults} ${faults === 1 ? 'fault' : 'faults'}.`, 'bold', 'red')}\n`;
};

const report = (findings: readonly Finding[], { out }: Host): void => {
  const areas = Map.groupBy(findings, ({ area }) => area);
  for (const [area, own] of areas) {
    out.write(`${paint(out, area, 'bold')}\n`);
    for (const finding of own) out.write(shown(out, finding));
    out.write('\n');
  }
  out.write(verdict(out, findings));
};

const askedRouter = (where: RouterChoice, host: Host): AskedRouter | Finding => {
  try {
    const { url: address, authorization } = routerOf(where, host);
    return { url: address, authorization, version: installation.version };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return findingsOf('router').fault(
      error.message,
      'correct ROUTER_URL, PARLEY_TOKEN or --url as the text says',
    );
  }
};

export const doctor: CommandMaker = (host) =>
  commandNamed(
    'doctor',
    'find out what is wrong, and the command that fixes it',
    'Looks at the settings, the router, the model server, this machine, the ledger and the Compose deployment of the folder. It changes nothing. Each fault comes with the command or the setting that fixes it. Exits with 1 when there is a fault.',
  )
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      `
It asks the router and the model server that the settings name. Run it in the
folder of .env and docker-compose.yml; in containers:
  docker compose run --rm parley doctor`,
    )
    .action(async ({ json, ...where }) => {
      const { env, stop, problems } = host;
      const around = machine({ env, stop, problems, folder: userPath('.', env) });
      const findings = await diagnosis(around, askedRouter(where, host));
      if (json) host.out.write(`${jsonText(findings, 2)}\n`);
      else report(findings, host);
      host.exitWith(findings.some(({ level }) => level === 'fault') ? 1 : 0);
    });
