import { createHash } from 'node:crypto';
import { ConfigError, type Environment, nearest, readUtf8, userPath } from '@parley/runtime';
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument } from 'yaml';
import { checkConsistency } from './consistency.ts';
import { type Problem, Problems } from './problems.ts';
import { type Scenario, scenarioField } from './scenario.ts';

/** A change: a path such as `cast.bob.model` and the new value. */
export interface Change {
  readonly path: readonly string[];
  readonly value: string;
}

export interface ScenarioFile {
  readonly file: string;
  /** The text of the file before the changes. */
  readonly text: string;
  readonly changes: readonly Change[];
  readonly scenario: Scenario;
}

const yamlErrors = (problems: readonly { message: string; pos: readonly number[] }[], lines: LineCounter) =>
  problems.map(({ message, pos }): Problem => {
    const { line, col } = lines.linePos(pos[0] as number);
    return { line, column: col, text: message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? '' };
  });

/** The value as YAML reads it if it is one value, else the text itself. */
const scalarOf = (value: string): unknown => {
  try {
    const read: unknown = parse(value);
    return typeof read === 'object' ? value : read;
  } catch {
    return value;
  }
};

export type Read =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The path of a change, in which the name of a member is one part even if it has dots; or the reason why it is invalid. */
const placeIn = (document: Document, path: readonly string[]): readonly string[] | { problem: string } => {
  const cast = document.getIn(['cast'], true);
  if (path[0] !== 'cast' || path.length < 2 || !isMap(cast)) return path;
  const names = cast.items.map(({ key }) => String(isScalar(key) ? key.value : key));
  for (let end = path.length; end >= 2; end--) {
    const name = path.slice(1, end).join('.');
    if (!names.includes(name)) continue;
    return end < path.length
      ? ['cast', name, ...path.slice(end)]
      : { problem: 'expected a key of the member behind its name, such as model or persona' };
  }
  const wanted = path[1] as string;
  const meant = nearest(wanted, names);
  return {
    problem: `there is no member ${wanted}${meant === undefined ? '' : `; did you mean ${meant}?`} (members: ${names.join(', ')})`,
  };
};

/** Reads a scenario from the text of its file and applies changes. Reports every problem with its place. */
export const parseScenario = (text: string, changes: readonly Change[] = []): Read => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const broken = yamlErrors(document.errors, lines);
  if (broken.length > 0) return { ok: false, problems: broken };
  const problems = new Problems(document, lines);
  for (const { path: written, value } of changes) {
    const path = placeIn(document, written);
    if ('problem' in path) {
      problems.atPath(written, path.problem);
      continue;
    }
    // A member that is only a persona becomes a block with a persona.
    const around = document.getIn(path.slice(0, -1));
    if (typeof around === 'string')
      document.setIn(path.slice(0, -1), document.createNode({ persona: around }));
    try {
      document.setIn(path, document.createNode(scalarOf(value)));
    } catch {
      problems.atPath(path, 'there is no such place');
    }
  }
  const scenario = scenarioField.read(document.contents, problems);
  if (scenario) checkConsistency(scenario, problems);
  if (problems.found.length > 0) return { ok: false, problems: problems.found };
  if (!scenario) throw new Error('a scenario that cannot be read has no problem');
  return { ok: true, scenario };
};

/** The format of compilers, so that editors can jump to the place. */
export const problemLines = (file: string, problems: readonly Problem[]): string[] =>
  problems.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`);

export const readScenario = (
  file: string,
  changes: readonly Change[] = [],
  env: Environment = {},
): ScenarioFile => {
  let text: string;
  try {
    text = readUtf8(userPath(file, env));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  const read = parseScenario(text, changes);
  if (!read.ok) throw new ConfigError(problemLines(file, read.problems));
  return { file, text, changes, scenario: read.scenario };
};

/** Equal for the same file and changes. */
export const scenarioHash = ({ text, changes }: Pick<ScenarioFile, 'text' | 'changes'>): string =>
  createHash('sha256')
    .update(JSON.stringify([text, changes.map(({ path, value }) => [path.join('.'), value])]))
    .digest('hex');
