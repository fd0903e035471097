import { nameFault, normalName } from '@parley/protocol';

/** What the bearer of a token may do: speak for its names (agent), read only (observer), or both and act (operator). */
export const accessRoles = ['agent', 'observer', 'operator'] as const;
export type AccessRole = (typeof accessRoles)[number];

export interface Identity {
  readonly role: AccessRole;
  /** The names that it may register. */
  readonly names: readonly NamePattern[];
  /** The names that it may address; undefined: all names. */
  readonly send: readonly NamePattern[] | undefined;
  /** Of the token of a share link: it reads this conversation only. */
  readonly share?: { readonly conversation: string; readonly expiresAt: number } | undefined;
  /** False once its token has expired or was withdrawn. `now` in ms since 1970. */
  isValid(now: number): boolean;
}

/** A name, or the beginning of names with a `*` behind it. `*` alone is every name. */
export type NamePattern = string;

export const isNamePattern = (text: unknown): text is NamePattern =>
  typeof text === 'string' && (text === '*' || nameFault(text.replace(/\*$/, '')) === undefined);

const matches = (patterns: readonly NamePattern[], name: string): boolean =>
  patterns.some((one) => {
    const normal = normalName(one);
    return normal.endsWith('*') ? name.startsWith(normal.slice(0, -1)) : normal === name;
  });

export const mayBe = ({ names }: Identity, name: string): boolean => matches(names, name);
export const maySendTo = ({ send }: Pick<Identity, 'send'>, target: string): boolean =>
  send === undefined || matches(send, target);
export const maySpeak = ({ role }: Identity): boolean => role !== 'observer';
/** Conversations of others: over HTTP, and with `history`. */
export const mayReadAll = ({ role, share }: Identity): boolean => role !== 'agent' && share === undefined;

/** The identity of every client where the router has no tokens. */
export const unrestricted: Identity = {
  role: 'operator',
  names: ['*'],
  send: undefined,
  isValid: () => true,
};
