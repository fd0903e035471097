import type { Shape } from '../shape.ts';

interface Parameter {
  readonly description: string;
  readonly shape: Shape<unknown>;
}
type Parameters = Readonly<Record<string, Parameter>>;

/** What a response holds: JSON of a shape, text, or server-sent events with `data` of these shapes. */
type Content =
  | { readonly kind: 'json'; readonly shape: Shape<unknown> }
  | { readonly kind: 'text' }
  | { readonly kind: 'events'; readonly data: Readonly<Record<string, Shape<unknown>>> };

/** One operation of the HTTP interface. The router dispatches by this table, and docs/openapi.json is generated from it. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** `{id}` is one segment: the id of a conversation. */
  readonly path: string;
  /** Who may call it: every client, a token that may read (observer, operator), or an operator. */
  readonly access: 'public' | 'reader' | 'operator';
  /**
   * Where the request names the conversation that the token of a share link must be for; `none`: it names none. Without this
   * field such a token is refused.
   */
  readonly share?: 'path' | 'query' | 'none';
  readonly summary: string;
  readonly query?: Parameters;
  readonly headers?: Parameters;
  readonly body?: Shape<unknown>;
  readonly success: { readonly status: 200 | 201; readonly description: string; readonly content: Content };
  /** Statuses of errors besides those that `statusesOf` adds for every route with this access. */
  readonly errors: readonly number[];
}
