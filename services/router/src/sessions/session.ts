import type { Authenticator } from '../identity/authenticator.ts';
import type { Identity } from '../identity/identity.ts';
import type { Router } from '../router.ts';
import type { Connection } from '../socket/connection.ts';
import type { LimitDefaults } from './limit-defaults.ts';

/** What one connection says, in its dialect. The WebSocket server calls it; it never sees a socket. */
export interface Session {
  readonly dialect: 'plain' | 'v1';
  /** The name it speaks for; undefined until it has registered. */
  readonly name: string | undefined;
  /** Whose token it was shown; undefined until it has seen a good one. */
  readonly identity: Identity | undefined;
  /** While a token is being checked: until then nothing more may be received. */
  readonly entering: Promise<void> | undefined;
  receive(raw: string): void;
  /** The peer has answered the ping of this number, and with it those before. */
  ponged(ping: number): void;
  /** Whether the peer works on something and may leave pings unanswered for a while. */
  mayBeSilent(): boolean;
  /** `orderly`: the peer said goodbye itself. Called once. */
  closed(orderly: boolean): void;
  /** The router is about to leave; `graceMs` is left for answers under way. */
  drain(graceMs: number): void;
}

/** What every session is given. */
export interface SessionSetting {
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly defaults: LimitDefaults;
  /** Told to clients, so that they can say which router they spoke to. */
  readonly routerName: string;
}

export interface SessionStart {
  readonly connection: Connection;
  /** Who the handshake said it is. */
  readonly identity: Identity | undefined;
}
