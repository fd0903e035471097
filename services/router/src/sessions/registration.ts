import { type Closing, nameFault, type RefusalCode } from '@parley/protocol';
import type { Authenticator, Verdict } from '../identity/authenticator.ts';
import { type Identity, mayBe } from '../identity/identity.ts';
import type { NameConflict } from '../presence/presence.ts';

/** Why a name may not be registered, and how the connection ends for it. */
export interface RefusedRegistration {
  readonly code: RefusalCode;
  readonly message: string;
  readonly closing: Closing;
  /** What stands in the close frame, where that is not the usual words. */
  readonly reason?: string;
}

/** Who speaks on one connection: known from the handshake, or from the token in `register`. */
export class Registration {
  readonly #authenticator: Authenticator;
  identity: Identity | undefined;
  entering: Promise<void> | undefined;
  #gone = false;

  constructor(authenticator: Authenticator, identity: Identity | undefined) {
    this.#authenticator = authenticator;
    this.identity = identity;
  }

  /** Calls back at once where nothing has to be waited for, and never after the connection is gone. */
  ask(
    name: string,
    token: string | undefined,
    then: (refused: RefusedRegistration | undefined) => void,
  ): void {
    const known: Verdict | undefined = this.identity && { ok: true, identity: this.identity };
    const verdict = known ?? this.#authenticator.identify(token);
    if (!(verdict instanceof Promise)) return then(this.#judge(name, verdict));
    this.entering = verdict.then((checked) => {
      this.entering = undefined;
      if (!this.#gone) then(this.#judge(name, checked));
    });
    return undefined;
  }

  gone(): void {
    this.#gone = true;
  }

  #judge(name: string, verdict: Verdict): RefusedRegistration | undefined {
    if (!verdict.ok) return { code: verdict.code, message: verdict.problem, closing: verdict.code };
    const fault = nameFault(name);
    if (fault !== undefined) return nameRefused(fault);
    if (!mayBe(verdict.identity, name)) return nameRefused(`the token is not for the name ${name}`);
    this.identity = verdict.identity;
    return undefined;
  }
}

export const nameRefused = (message: string): RefusedRegistration => ({
  code: 'name-refused',
  message,
  closing: 'name-refused',
  reason: message,
});

export const refusalFor = (
  name: string,
  conflict: NameConflict | undefined,
): RefusedRegistration | undefined => {
  switch (conflict) {
    case undefined:
      return undefined;
    case 'used-by-plain-client':
      return nameRefused(`${name} is in use by a plain client`);
    case 'used-by-agent':
      return nameRefused(`${name} is in use by an agent that speaks another dialect`);
    case 'duplicate':
      return nameTaken(name);
    default:
      return conflict satisfies never;
  }
};

/** Temporary: the other connection may be dead and not yet detected as such. */
const nameTaken = (name: string): RefusedRegistration => ({
  code: 'unavailable',
  message: `${name} is registered by another connection`,
  closing: 'busy',
});
