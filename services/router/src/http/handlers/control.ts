import { setTimeout as later } from 'node:timers/promises';
import { type ControlAction, type ControlBody, controlBodies, requestPath } from '@parley/protocol';
import type { OtherStreams } from '../../cluster/other-streams.ts';
import type { Outcome } from '../../conversations/conversations.ts';
import type { Command } from '../../core/command.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { Router } from '../../router.ts';
import { newConversationId } from '../../sessions/conversation-id.ts';
import { completeLimits, type LimitDefaults } from '../../sessions/limit-defaults.ts';
import { missingPrice } from '../../turns/grants/price-check.ts';
import { errorReply, type HttpReply, reply } from '../server/replies.ts';
import { whyActForbidden } from './act-permission.ts';
import type { ActionRequest } from './action-request.ts';
import { IdempotentReplies, idFromKey, otherRequest, requestDigest } from './idempotency.ts';
import { opensAt } from './moved.ts';
import { SharedReplies } from './shared-replies.ts';

type ControlRouter = Pick<Router, 'cluster' | 'conversations' | 'presence' | 'prices' | 'reads'>;

/** The actions of an operator on conversations. Each action becomes an entry, so a replay of the ledger repeats it. */
export class Control {
  readonly #router: ControlRouter;
  readonly #defaults: LimitDefaults;
  readonly #replies: IdempotentReplies;

  readonly #otherStreams: OtherStreams | undefined;

  constructor(router: ControlRouter, defaults: LimitDefaults, otherStreams?: OtherStreams) {
    this.#router = router;
    this.#otherStreams = otherStreams;
    this.#defaults = defaults;
    const { cluster } = router;
    this.#replies = new IdempotentReplies(cluster && new SharedReplies({ cluster, later }));
  }

  async handle(request: ActionRequest): Promise<HttpReply> {
    const elsewhere = request.action === 'open' ? await this.#opensElsewhere(request) : undefined;
    return elsewhere ?? this.#replies.once(request, () => this.#act(request));
  }

  /** Without a key any stream that takes new conversations will do, so it is opened in the stream of this router. */
  async #opensElsewhere(request: ActionRequest): Promise<HttpReply | undefined> {
    const streams = this.#otherStreams;
    if (!streams || (request.key === undefined && streams.opensHere)) return undefined;
    if (controlBodies.open.fault(request.body, 'body')) return undefined;
    return opensAt(streams, newIdFor(request), requestPath('open'));
  }

  async #act(request: ActionRequest): Promise<HttpReply> {
    const { action, id, by } = request;
    const shape = controlBodies[action];
    const fault = shape.fault(request.body, 'body');
    if (fault) return errorReply('bad-frame', fault);
    const body = shape.pick(request.body as never);
    if (action !== 'fork') {
      const forbidden = this.#whyForbidden(request, body, this.#router.conversations.find(id));
      if (forbidden) return forbidden;
    }
    if (action === 'open') return this.#open(request, body as ControlBody<'open'>);
    if (action === 'fork') return this.#fork(request, body as ControlBody<'fork'>);
    return this.#replyTo(action, id, await this.#submit(id, commandOf(action, body, by)));
  }

  async #open(request: ActionRequest, body: ControlBody<'open'>): Promise<HttpReply> {
    const id = newIdFor(request);
    const earlier = this.#earlierReply(request, id, 0);
    if (earlier) return earlier;
    const { by = body.members[0] as string, policy = 'addressed', limits, ...rest } = body;
    const complete = completeLimits(this.#defaults, limits);
    const modelOf = (member: string) => body.cast?.find(({ name }) => name === member)?.model;
    const members = [by, ...body.members];
    const noPrice = missingPrice(this.#router, { members, modelOf, limits: complete });
    if (noPrice !== undefined) return errorReply('no-price', noPrice);
    const command = { type: 'open', ...rest, by, policy, limits: complete, ...digestOf(request) } as const;
    return this.#replyToNew(request, { id, since: 0 }, await this.#submit(id, command));
  }

  #whyForbidden(
    { action, by, identity }: ActionRequest,
    body: unknown,
    state: Conversation | undefined,
  ): HttpReply | undefined {
    const why = whyActForbidden(identity, { action, body, by, state });
    return why === undefined ? undefined : errorReply('forbidden', why);
  }

  async #fork(request: ActionRequest, body: ControlBody<'fork'>): Promise<HttpReply> {
    const { at, cast, limits } = body;
    const id = newIdFor(request);
    const earlier = this.#earlierReply(request, id, at);
    if (earlier) return earlier;
    const { reads, conversations } = this.#router;
    const parent = await reads.run(conversations.atSlowly(request.id, at));
    if (!parent)
      return errorReply('unknown-conversation', `there is no such conversation with an entry ${at}`);
    const forbidden = this.#whyForbidden(request, body, parent);
    if (forbidden) return forbidden;
    const complete = completeLimits(parent.limits, limits);
    const modelOf = (member: string) =>
      (cast?.find(({ name }) => name === member) ?? parent.cast.get(member))?.model;
    const noPrice = missingPrice(this.#router, { members: parent.members, modelOf, limits: complete });
    if (noPrice !== undefined) return errorReply('no-price', noPrice);
    const { by } = request;
    const command = { type: 'fork', by, parent, cast, limits: complete, ...digestOf(request) } as const;
    return this.#replyToNew(request, { id, since: at }, await this.#submit(id, command));
  }

  /** Replies to a request that opens a conversation. Another router may have executed the same request first. */
  #replyToNew(
    request: ActionRequest,
    { id, since }: { readonly id: string; readonly since: number },
    outcome: Outcome,
  ): HttpReply {
    const exists = outcome.kind === 'refused' && outcome.code === 'conversation-exists';
    const earlier = exists ? this.#earlierReply(request, id, since) : undefined;
    return earlier ?? this.#replyTo(request.action, id, outcome);
  }

  #submit(id: string, command: Command): Promise<Outcome> {
    return new Promise((resolve) => this.#router.conversations.submit(id, command, resolve));
  }

  #replyTo(action: ControlAction, id: string, outcome: Outcome): HttpReply {
    return outcome.kind === 'refused'
      ? errorReply(outcome.code, outcome.message)
      : reply(action, { conversation: id, seq: outcome.seq });
  }

  /**
   * The reply to a request with this key that was answered before a restart; undefined when there was none. `since`: seq of
   * the last entry that the conversation shares with its parent. Ledgers of earlier versions have no digest to compare.
   */
  #earlierReply(request: ActionRequest, id: string, since: number): HttpReply | undefined {
    const { conversations } = this.#router;
    if (request.key === undefined || !conversations.find(id)) return undefined;
    const [first] = conversations.page(id, since, { entries: 1, bytes: 0 });
    // A fork at another entry has no own entry after `since`, or its first own entry is another one.
    if (first?.type !== 'opened' && first?.type !== 'forked') return otherRequest;
    if (first.request !== undefined && first.request !== requestDigest(request)) return otherRequest;
    return reply(request.action, { conversation: id, seq: since + 1 });
  }
}

const newIdFor = (request: ActionRequest): string =>
  request.key === undefined ? newConversationId() : idFromKey(request);

const digestOf = (request: ActionRequest) =>
  request.key === undefined ? {} : { request: requestDigest(request) };

type Plain = Exclude<ControlAction, 'open' | 'fork'>;

const commandOf = (action: Plain, body: unknown, by: string): Command => {
  const as = <A extends Plain>(_action: A) => body as ControlBody<A>;
  switch (action) {
    case 'pause':
      return { type: 'pause', by };
    case 'resume':
      return { type: 'resume', by };
    case 'step':
      return { type: 'resume', by, lines: as(action).lines ?? 1 };
    case 'end':
      return { type: 'end', by, detail: as(action).detail };
    case 'say': {
      const { text, target, as: member, to } = as(action);
      return member === undefined
        ? { type: 'say', from: by, text, target, to, as: 'operator' }
        : { type: 'say', from: member, text, target, to, as: { seat: by } };
    }
    case 'whisper':
      return { type: 'note', by, kind: 'whisper', ...as(action) };
    case 'invite':
      return { type: 'join', ...as(action), as: 'operator' };
    case 'seat':
    case 'unseat':
      return { type: action, who: as(action).who, by };
    case 'recast':
      return { type: 'recast', by, role: as(action).role };
  }
};
