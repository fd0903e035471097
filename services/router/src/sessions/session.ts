/** What one connection says, in its dialect. The door calls it; it never sees a socket. */
export interface Session {
  readonly dialect: 'plain' | 'v1';
  /** The name it speaks for; undefined until it has registered. */
  readonly name: string | undefined;
  receive(raw: string): void;
  ponged(payload: string): void;
  /** `orderly`: the peer said goodbye itself. Called once. */
  closed(orderly: boolean): void;
  /** The router is about to leave; `graceMs` is left for answers under way. */
  drain(graceMs: number): void;
}
