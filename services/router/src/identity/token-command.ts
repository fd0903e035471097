import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/runtime';
import { accessRoles, isNamePattern } from './identity.ts';
import { keepToken, type NewToken } from './token-folder.ts';
import { digestOf } from './token-list.ts';

const usage = `usage: parley-router token NAMES [--role ${accessRoles.join('|')}] [--send NAMES] [--into FOLDER [--withdraw]]`;

/** The prefix lets scanners find a token that was committed by mistake. */
const randomToken = (): string => `parley_${randomBytes(32).toString('base64url')}`;

/**
 * `parley-router token`: makes a token and the line that makes the router accept it. With a folder, both are stored there and are
 * not printed.
 */
export const tokenCommand = (args: readonly string[]): NewToken | { readonly note: string } => {
  const wanted = parse(args);
  if (wanted.into === undefined) return make(wanted);
  const made = wanted.withdraw ? undefined : make(wanted);
  return { note: keepToken(wanted.into, wanted.names, made) };
};

interface Wanted {
  readonly names: string;
  readonly role: string;
  readonly send: string | undefined;
}

const make = ({ names, role, send }: Wanted): NewToken => {
  const token = randomToken();
  const line = `${names} ${role} sha256:${digestOf(token).toString('hex')}`;
  return { token, line: send === undefined ? line : `${line} send=${send}` };
};

/** A new token and the line that makes the router accept it. */
export const newToken = (args: readonly string[]): NewToken => make(parse(args));

const parse = (args: readonly string[]) => {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        role: { type: 'string', default: 'agent' },
        send: { type: 'string' },
        into: { type: 'string' },
        withdraw: { type: 'boolean', default: false },
      },
    });
    const [names, ...more] = positionals;
    const patterns = [names ?? '', ...(values.send === undefined ? [] : [values.send])];
    if (more.length > 0 || !patterns.every((list) => list.split(',').every(isNamePattern)))
      throw new Error('expected one list of names, separated by commas, with * only at the end');
    const role = accessRoles.find((one) => one === values.role);
    if (!role) throw new Error(`--role: expected one of ${accessRoles.join(', ')}`);
    const { send, into, withdraw } = values;
    if (withdraw && into === undefined) throw new Error('--withdraw: only with --into');
    return { names: names as string, role, send, into, withdraw };
  } catch (error) {
    throw new ConfigError([`token: ${(error as Error).message}`, usage]);
  }
};
