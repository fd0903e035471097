import { type Closing, nameFault, type RefusalCode } from '@parley/protocol';
import type { Authenticator, Verdict } from '../identity/authenticator.ts';
import { type Identity, mayBe } from '../identity/identity.ts';
import type { NameConflict } from '../presence/duplicates.ts';

/** Why a name may not be registered, and the close code of the connection. */
export interface RefusedRegistration {
  readonly code: RefusalCode;
  readonly message: string;
  readonly closing: Closing;
  /** The text of the close frame, if it differs from the usual text of the code. */
  readonly reason?: string;
}

/**
 * The identity of one connection: from the handshake, or from the token in `register`. Also what has to be awaited before the next
 * frame of the connection is handled.
 */
export class Registration {
  readonly #authenticator: Authenticator;
  identity: Identity | undefined;
  entering: Promise<void> | undefined;
  #gone = false;

  constructor(authenticator: Authenticator, identity: Identity | undefined) {
    this.#authenticator = authenticator;
    this.identity = identity;
  }

  /**
   * Calls back synchronously when the token needs no asynchronous check, and never after the connection has closed. No further frame
   * is handled before the promise resolves that `then` may return.
   */
  ask(
    name: string,
    token: string | undefined,
    then: (refused: RefusedRegistration | undefined) => Promise<void> | undefined,
  ): void {
    const known: Verdict | undefined = this.identity && { ok: true, identity: this.identity };
    const verdict = known ?? this.#authenticator.identify(token);
    if (!(verdict instanceof Promise)) return this.wait(then(this.#judge(name, verdict)));
    return this.wait(verdict.then((checked) => (this.#gone ? undefined : then(this.#judge(name, checked)))));
  }

  gone(): void {
    this.#gone = true;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** No further frame is handled before the promise resolves. */
  wait(entering: Promise<void> | undefined): void {
    this.entering = entering?.finally(() => {
      this.entering = undefined;
    });
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

/** The other connection may be dead without having been detected as such, so the refusal is temporary. */
const nameTaken = (name: string): RefusedRegistration => ({
  code: 'unavailable',
  message: `${name} is registered by another connection`,
  closing: 'busy',
});
