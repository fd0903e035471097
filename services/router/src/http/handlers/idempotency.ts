import { createHash } from 'node:crypto';
import { errorReply, type HttpReply } from '../server/replies.ts';
import type { ActionRequest } from './action-request.ts';
import type { SharedReplies } from './shared-replies.ts';

export const otherRequest: HttpReply = errorReply(
  'bad-frame',
  'this idempotency key was used for another request',
  422,
);

const maxRemembered = 10_000;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A key counts for one operator, one conversation and one action. */
const scopeOf = ({ by, action, id, key = '' }: ActionRequest): string => `${by}\n${action}\n${id}\n${key}`;

/**
 * Digest of a request with its key, kept in the ledger with what it opened. It distinguishes two requests with the same key,
 * and reveals nothing about the request to a reader that does not know the key.
 */
export const requestDigest = (request: ActionRequest): string =>
  digest(`${scopeOf(request)}\n${JSON.stringify(request.body)}`);

/** The id of a conversation that a request with a key opens: a repetition finds it even after a restart. */
export const idFromKey = (request: ActionRequest): string => `c${digest(scopeOf(request)).slice(0, 16)}`;

/** Answers a repeated request like the first one. Remembers the newest 10,000 keys. */
export class IdempotentReplies {
  readonly #shared: SharedReplies | undefined;
  readonly #replies = new Map<string, { readonly request: string; readonly reply: Promise<HttpReply> }>();

  /** `shared`: the replies of all routers; missing when this router has the ledger alone. */
  constructor(shared?: SharedReplies) {
    this.#shared = shared;
  }

  /** `act` is called unless a request with the same key was answered, or is being answered. */
  async once(request: ActionRequest, act: () => Promise<HttpReply>): Promise<HttpReply> {
    if (request.key === undefined) return act();
    const scope = scopeOf(request);
    const asked = requestDigest(request);
    const known = this.#replies.get(scope);
    if (known) return known.request === asked ? known.reply : otherRequest;
    const reply = this.#shared ? this.#onceForAll(this.#shared, scope, asked, act) : act();
    this.#replies.set(scope, { request: asked, reply });
    if (this.#replies.size > maxRemembered) this.#replies.delete(this.#replies.keys().next().value as string);
    let succeeded = false;
    try {
      succeeded = (await reply).status < 400;
    } finally {
      // A refused request had no effect: its key may be used again.
      if (!succeeded) this.#replies.delete(scope);
    }
    return reply;
  }

  async #onceForAll(
    shared: SharedReplies,
    scope: string,
    asked: string,
    act: () => Promise<HttpReply>,
  ): Promise<HttpReply> {
    return (await shared.once(digest(scope), asked, act)) ?? otherRequest;
  }
}
