import { shareBodies } from '@parley/protocol';
import type { Shares } from '../../identity/shares.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { errorReply, type HttpReply, reply } from '../server/replies.ts';

export interface ShareLinkParts {
  readonly router: Pick<HttpRouter, 'conversations' | 'reads'>;
  readonly shares: Shares;
  /** False where the router lets every client do everything. */
  readonly needsTokens: boolean;
}

export interface ShareRequest {
  readonly id: string;
  readonly body: unknown;
  /** The name of the operator. */
  readonly by: string;
}

const none = errorReply('unknown-conversation', 'there is no such conversation');

/** What operators do with the share links of a conversation. */
export class ShareLinks {
  readonly #parts: ShareLinkParts;

  constructor(parts: ShareLinkParts) {
    this.#parts = parts;
  }

  async make({ id, body, by }: ShareRequest): Promise<HttpReply> {
    const fault = shareBodies.share.fault(body, 'body');
    if (fault) return errorReply('bad-frame', fault);
    if (!(await this.#exists(id))) return none;
    const { shares, needsTokens } = this.#parts;
    const { minutes } = shareBodies.share.pick(body as never);
    const made = await shares.make(id, by, minutes);
    if (!made) return errorReply('rate-limited', 'there are too many share links: revoke some first');
    const { share, token } = made;
    const { expiresAt } = share;
    return reply('share', { conversation: id, share: share.id, token, expiresAt, open: !needsTokens });
  }

  async revoke({ id, body, by }: ShareRequest): Promise<HttpReply> {
    const fault = shareBodies.unshare.fault(body, 'body');
    if (fault) return errorReply('bad-frame', fault);
    if (!(await this.#exists(id))) return none;
    const { share } = shareBodies.unshare.pick(body as never);
    if (!(await this.#parts.shares.revoke(id, share, by)))
      return errorReply('not-found', 'the conversation has no such share link');
    return reply('unshare', { conversation: id, share });
  }

  async list(id: string): Promise<HttpReply> {
    if (!(await this.#exists(id))) return none;
    return reply('shares', { conversation: id, shares: this.#parts.shares.of(id) });
  }

  async #exists(id: string): Promise<boolean> {
    const { router } = this.#parts;
    return (await router.reads.run(router.conversations.findSlowly(id))) !== undefined;
  }
}
