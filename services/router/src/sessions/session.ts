import type { Authenticator } from '../identity/authenticator.ts';
import type { Identity } from '../identity/identity.ts';
import type { Router } from '../router.ts';
import type { Connection } from '../socket/connection.ts';
import type { LimitDefaults } from './limit-defaults.ts';

/** Handles the frames of one connection in its dialect. The WebSocket server calls it; it never sees a socket. */
export interface Session {
  readonly dialect: 'plain' | 'v1';
  /** The registered name; undefined before that. */
  readonly name: string | undefined;
  /** The identity of its token; undefined before a valid token was shown. */
  readonly identity: Identity | undefined;
  /** Set while a token is checked, or another router is asked. No further frame may be handled before it resolves. */
  readonly entering: Promise<void> | undefined;
  receive(raw: string): void;
  /** The peer has answered the ping of this number, and with it all earlier ones. */
  ponged(ping: number): void;
  /** Whether the peer works on a turn and may leave pings unanswered for a while. */
  mayBeSilent(): boolean;
  /** Called once. `orderly`: the peer closed the connection itself. */
  closed(orderly: boolean): void;
  /** The router stops in `graceMs`; until then it accepts answers to running turns. */
  drain(graceMs: number): void;
}

/** The dependencies that all sessions share. */
export interface SessionSetting {
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly defaults: LimitDefaults;
  /** Sent to clients, so that they can name the router in their logs. */
  readonly routerName: string;
}

export interface SessionStart {
  readonly connection: Connection;
  /** The identity from the token of the handshake. */
  readonly identity: Identity | undefined;
}
