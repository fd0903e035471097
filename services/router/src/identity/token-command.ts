import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/runtime';
import { isNamePattern, roles } from './identity.ts';
import { digestOf } from './token-list.ts';

const usage = `usage: parley-router token NAMES [--role ${roles.join('|')}] [--send NAMES]`;

export interface NewToken {
  readonly token: string;
  /** For the file of ROUTER_TOKENS_FILE. */
  readonly line: string;
}

/** The prefix lets scanners find a token that was committed by mistake. */
const randomToken = (): string => `parley_${randomBytes(32).toString('base64url')}`;

/** `parley-router token`: a new token and the line that makes the router accept it. */
export const newToken = (args: readonly string[]): NewToken => {
  const { names, role, send } = parse(args);
  const token = randomToken();
  const line = `${names} ${role} sha256:${digestOf(token).toString('hex')}`;
  return { token, line: send === undefined ? line : `${line} send=${send}` };
};

const parse = (args: readonly string[]) => {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { role: { type: 'string', default: 'agent' }, send: { type: 'string' } },
    });
    const [names, ...more] = positionals;
    const patterns = [names ?? '', ...(values.send === undefined ? [] : [values.send])];
    if (more.length > 0 || !patterns.every((list) => list.split(',').every(isNamePattern)))
      throw new Error('expected one list of names, separated by commas, with * only at the end');
    const role = roles.find((one) => one === values.role);
    if (!role) throw new Error(`--role: expected one of ${roles.join(', ')}`);
    return { names: names as string, role, send: values.send };
  } catch (error) {
    throw new ConfigError([`token: ${(error as Error).message}`, usage]);
  }
};
