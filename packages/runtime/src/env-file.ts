import { readFileSync } from 'node:fs';
import { ConfigError, type Environment } from './settings.ts';

const bareKey = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*$/;
const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/;
/** The syntax that Compose replaces by the value of a variable. Any other $ is kept. */
const expansion = /\$(?:[A-Za-z_]|\{)/;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  $: '$',
};

/** The value and the index after it, or why Compose would read another value. */
type Value = { readonly value: string; readonly end: number } | { readonly problem: string };

const expands = (text: string): Value | undefined =>
  expansion.test(text.replaceAll('$$', ''))
    ? { problem: 'Compose would replace what follows $: put the value in single quotes' }
    : undefined;

const singleQuoted = (text: string, start: number): Value => {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "'") return { value, end: at + 1 };
    if (text[at] === '\\' && text[at + 1] === "'") at++;
    value += text[at];
  }
  return { problem: "a value that begins with ' has no ' at its end" };
};

const doubleQuoted = (text: string, start: number): Value => {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') return { value, end: at + 1 };
    if (char === '\\') {
      const meant = escapes[text[at + 1] ?? ''];
      if (meant === undefined)
        return {
          problem: `\\${text[at + 1] ?? ''} in double quotes: use single quotes, in which \\ is itself`,
        };
      value += meant;
      at++;
    } else if (char === '$' && text[at + 1] === '$') {
      value += '$';
      at++;
    } else if (char === '$' && expands(text.slice(at, at + 2))) {
      return expands(text.slice(at, at + 2)) as Value;
    } else value += char;
  }
  return { problem: 'a value that begins with " has no " at its end' };
};

const unquoted = (text: string, start: number): Value => {
  const lineEnd = text.indexOf('\n', start);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const line = text.slice(start, end);
  if (line.startsWith('#') && text[start - 1] !== '=')
    return {
      problem:
        'Compose takes this # for the beginning of the value: quote it, or put the comment on a line of its own',
    };
  const comment = line.indexOf(' #');
  const value = (comment < 0 ? line : line.slice(0, comment)).trim();
  if (value.includes('\t#'))
    return {
      problem:
        'Compose does not read a # after a tab as a comment: put a space before it, or quote the value',
    };
  return expands(value) ?? { value: value.replaceAll('$$', '$'), end };
};

/** The text that may follow a closing quote on its line. */
const afterQuote = /^[ \t]*(?:#[^\n]*)?(?=\n|$)/;

/**
 * Reads the variables of a `.env` file as Docker Compose does, so that one file means the same with and without containers. Syntax
 * that the two would read in different ways is refused with its line.
 */
export const parseEnvFile = (content: string, name: string): Record<string, string> => {
  const text = content.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const values: Record<string, string> = {};
  const problems: string[] = [];
  const lone = text.indexOf('\r');
  if (lone >= 0 && lone < text.length - 1)
    problems.push(
      `${name}:${text.slice(0, lone).split('\n').length}: the line ends with a carriage return alone: save the file again with other line ends`,
    );
  let at = 0;
  while (at < text.length) {
    const lineEnd = text.indexOf('\n', at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const line = text.slice(at, end);
    const indent = line.length - line.trimStart().length;
    const number = text.slice(0, at).split('\n').length;
    const matched = assignment.exec(line.trimStart());
    if (!matched) {
      const trimmed = line.trim();
      if (trimmed !== '' && !trimmed.startsWith('#') && !bareKey.test(trimmed))
        problems.push(`${name}:${number}: expected NAME=value, got ${JSON.stringify(trimmed.slice(0, 20))}`);
      at = end + 1;
      continue;
    }
    const key = matched[1] as string;
    const start = at + indent + matched[0].length;
    const quote = text[start];
    const read =
      quote === "'"
        ? singleQuoted(text, start)
        : quote === '"'
          ? doubleQuoted(text, start)
          : unquoted(text, start);
    if ('problem' in read) {
      problems.push(`${name}:${number}: ${key}: ${read.problem}`);
      at = end + 1;
      continue;
    }
    const rest = afterQuote.exec(text.slice(read.end));
    if (rest) values[key] = read.value;
    else problems.push(`${name}:${number}: ${key}: something follows the closing quote`);
    const next = text.indexOf('\n', read.end);
    at = next < 0 ? text.length : next + 1;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
};

const utf16 = (bytes: Buffer): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes.includes(0);

/** The text of a file that must be UTF-8; the error names the first line that is not. */
export const readUtf8 = (path: string): string => {
  const bytes = readFileSync(path);
  if (utf16(bytes))
    throw new ConfigError([`${path} is not UTF-8 (it looks like UTF-16): save it again as UTF-8`]);
  const strict = new TextDecoder('utf-8', { fatal: true });
  try {
    return strict.decode(bytes);
  } catch {
    const lines = bytes.toString('latin1').split('\n');
    const wrong = lines.findIndex((line) => {
      try {
        strict.decode(Buffer.from(line, 'latin1'));
        return false;
      } catch {
        return true;
      }
    });
    throw new ConfigError([`${path}:${wrong + 1}: is not UTF-8: save the file again as UTF-8`]);
  }
};

/** `env` with the variables of the `.env` file at `path`, if there is one. Values of `env` override the file. */
export const withEnvFile = (env: Environment, path = '.env'): Environment => {
  let content: string;
  try {
    content = readUtf8(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return env;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path} cannot be read: ${(error as Error).message}`]);
  }
  return { ...parseEnvFile(content, path), ...env };
};
