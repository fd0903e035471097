import { createHash } from 'node:crypto';
import { type ControlAction, type ControlBody, controlBodies, type RefusalCode } from '@parley/protocol';
import type { Outcome } from '../conversations/conversations.ts';
import type { Command } from '../core/command.ts';
import type { Router } from '../router.ts';
import { newConversationId } from '../sessions/conversation-id.ts';
import { completeLimits, type LimitDefaults } from '../sessions/limit-defaults.ts';
import { missingPrice } from '../turns/price-check.ts';

/** What the operator is told. `body` is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface ControlRequest {
  readonly action: ControlAction;
  /** The conversation; none for `open`. */
  readonly id: string | undefined;
  readonly body: unknown;
  /** Who asks: the name that the token binds. */
  readonly by: string;
  /** A repeated request with the same key is answered like the first, and nothing is done twice. */
  readonly key: string | undefined;
}

const statusOf: Partial<Record<RefusalCode, number>> = {
  'bad-frame': 400,
  'bad-target': 400,
  forbidden: 403,
  'unknown-conversation': 404,
  'mailbox-full': 503,
  'rate-limited': 503,
  unavailable: 503,
  draining: 503,
};
const refused = (code: RefusalCode, message: string): Answer => ({
  status: statusOf[code] ?? 409,
  body: { error: { code, message } },
});

const anotherRequest: Answer = {
  status: 422,
  body: { error: { code: 'bad-frame', message: 'this idempotency key was used for another request' } },
};

const maxRemembered = 10_000;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
/** Keys are everybody's own, for each conversation and action. */
const placeOf = ({ by, action, id = '', key = '' }: ControlRequest): string =>
  `${by}\n${action}\n${id}\n${key}`;

/** Tells two requests with one key apart. Who does not know the key cannot tell from it what was asked. */
const askedBy = (request: ControlRequest): string =>
  digest(`${placeOf(request)}\n${JSON.stringify(request.body)}`);

/** Everything that an operator can do to conversations: each act is an entry, so a run stays reproducible. */
export class Control {
  readonly #router: Router;
  readonly #defaults: LimitDefaults;
  readonly #answers = new Map<string, { readonly asked: string; readonly answer: Promise<Answer> }>();

  constructor(router: Router, defaults: LimitDefaults) {
    this.#router = router;
    this.#defaults = defaults;
  }

  async handle(request: ControlRequest): Promise<Answer> {
    const { key } = request;
    if (key === undefined) return this.#do(request);
    const place = placeOf(request);
    const asked = askedBy(request);
    const known = this.#answers.get(place);
    if (known) return known.asked === asked ? known.answer : anotherRequest;
    const answer = this.#do(request);
    this.#answers.set(place, { asked, answer });
    if (this.#answers.size > maxRemembered) this.#answers.delete(this.#answers.keys().next().value as string);
    let done = false;
    try {
      const { status } = await answer;
      done = status < 400;
    } finally {
      // What was not done has used up no key: it may be done when it is asked again.
      if (!done) this.#answers.delete(place);
    }
    return answer;
  }

  async #do(request: ControlRequest): Promise<Answer> {
    const shape = controlBodies[request.action];
    const fault = shape.fault(request.body, 'body');
    if (fault) return refused('bad-frame', fault);
    const body = shape.pick(request.body as never);
    if (request.action === 'open') return this.#open(request, body as ControlBody<'open'>);
    const id = request.id ?? '';
    if (request.action === 'fork') return this.#fork(request, id, body as ControlBody<'fork'>);
    return this.#told(id, await this.#submit(id, commandOf(request.action, body, request.by)), 200);
  }

  /** The id comes from the idempotency key, so that a repetition finds the first even after a restart. */
  #idFor(request: ControlRequest): string {
    return request.key === undefined ? newConversationId() : `c${digest(placeOf(request)).slice(0, 16)}`;
  }

  async #open(request: ControlRequest, body: ControlBody<'open'>): Promise<Answer> {
    const id = this.#idFor(request);
    const before = this.#doneBefore(request, id, 0);
    if (before) return before;
    const { by = body.members[0] as string, policy = 'addressed', limits, ...rest } = body;
    const complete = completeLimits(this.#defaults, limits);
    const modelOf = (member: string) => body.cast?.find(({ name }) => name === member)?.model;
    const unwatched = missingPrice(this.#router, {
      members: [by, ...body.members],
      modelOf,
      limits: complete,
    });
    if (unwatched !== undefined) return refused('no-price', unwatched);
    const outcome = await this.#submit(id, {
      type: 'open',
      ...rest,
      by,
      policy,
      limits: complete,
      ...made(request),
    });
    return this.#told(id, outcome, 201);
  }

  async #fork(
    request: ControlRequest,
    parentId: string,
    { at, cast, limits }: ControlBody<'fork'>,
  ): Promise<Answer> {
    const { conversations } = this.#router;
    const id = this.#idFor(request);
    const before = this.#doneBefore(request, id, at);
    if (before) return before;
    const parent = conversations.at(parentId, at);
    if (!parent) return refused('unknown-conversation', `there is no conversation with an entry ${at}`);
    const complete = completeLimits(parent.limits, limits);
    const modelOf = (member: string) =>
      (cast?.find(({ name }) => name === member) ?? parent.cast.get(member))?.model;
    const unwatched = missingPrice(this.#router, { members: parent.members, modelOf, limits: complete });
    if (unwatched !== undefined) return refused('no-price', unwatched);
    const outcome = await this.#submit(id, {
      type: 'fork',
      by: request.by,
      parent,
      cast,
      limits: complete,
      ...made(request),
    });
    return this.#told(id, outcome, 201);
  }

  #submit(id: string, command: Command): Promise<Outcome> {
    return new Promise((resolve) => this.#router.conversations.submit(id, command, resolve));
  }

  #told(id: string, outcome: Outcome, status: number): Answer {
    return outcome.kind === 'refused'
      ? refused(outcome.code, outcome.message)
      : { status, body: { conversation: id, seq: outcome.seq } };
  }

  /**
   * As a request with this key was answered before a restart; undefined when there was none. `since`: seq of the entry
   * before the first one of the conversation's own. Ledgers of earlier versions do not tell what was asked.
   */
  #doneBefore(request: ControlRequest, id: string, since: number): Answer | undefined {
    const { conversations } = this.#router;
    if (request.key === undefined || !conversations.find(id)) return undefined;
    const [first] = conversations.page(id, since, { entries: 1, bytes: 0 });
    const asked = first?.type === 'opened' || first?.type === 'forked' ? first.request : undefined;
    // A fork at another entry: what stands behind `since` is not its beginning, if there is anything.
    const isOther = first === undefined || (first.type !== 'opened' && first.type !== 'forked');
    if (isOther || (asked !== undefined && asked !== askedBy(request))) return anotherRequest;
    return { status: 201, body: { conversation: id, seq: since + 1 } };
  }
}

const made = (request: ControlRequest) => (request.key === undefined ? {} : { request: askedBy(request) });

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
