import type { IncomingMessage } from 'node:http';
import {
  type ClientFrame,
  decodeRouterFrame,
  heartbeatMs as defaultHeartbeatMs,
  maxGrantBytes,
  type RouterFrame,
  type RouterFrameOf,
  registerDeadlineMs,
  returnRule,
  subprotocol,
} from '@parley/protocol';
import { connectionProblem, type Logger, ServerList, upgradeProblem } from '@parley/runtime';
import { WebSocket } from 'ws';
import type { OnFault } from '../faults.ts';
import { type Backoff, type Dice, fullJitter } from './backoff.ts';
import type { Place } from './outbox.ts';

/** The back-off before the first `welcome`: short, because the router may be starting at the same time. */
const coldStart: Backoff = { baseMs: 50, capMs: 30_000 };
const returning: Backoff = { baseMs: 500, capMs: 30_000 };
/** A connection that lasted this long shows that the router has capacity again. */
const settledMs = 30_000;

/** Four times the maximum of this version, because a newer router may send larger frames. */
const maxFrameTaken = 4 * maxGrantBytes;

export interface LinkOptions {
  /** Of one router, or of several on one ledger: any of them will do. */
  readonly urls: readonly string[];
  readonly name: string;
  /** Sent in the handshake only: a refusal there comes before any registration. */
  readonly token: string | undefined;
  readonly capacity: number;
  /** Sent to the router, which finds out whether the targets of the agents form a ring. */
  readonly target: string | undefined;
  /** The model of the agent, by its name in the tables of prices and rates. */
  readonly model: string;
  /** Whether it keeps prompts, which the router may then ask for. */
  readonly prompts: boolean;
  readonly log: Logger;
  readonly dice: Dice;
  readonly now: () => number;
  readonly onFault: OnFault;
  /** Called when the router closed with a code after which the agent must not reconnect. */
  readonly onDismissed: (code: number, reason: string) => void;
}

/** The user of an open link. */
export interface LinkListener {
  /** Called once for each connection. Returns the turns that the agent still works on, for the registration. */
  registering(): readonly Place[];
  onWelcome(welcome: RouterFrameOf<'welcome'>): void;
  /** Called with every frame except the `welcome` that answers the registration. */
  onFrame(frame: RouterFrame): void;
}

type State =
  | { readonly at: 'waiting'; readonly timer: NodeJS.Timeout }
  | {
      readonly at: 'dialling' | 'registering' | 'registered';
      readonly socket: WebSocket;
      readonly since: number;
    }
  | { readonly at: 'closed' };

/**
 * The connection to a router. It reconnects after every loss, unless the router closed with a code that forbids it: first to the
 * same router, because it knows what this agent has read; to the next one when that fails, or when the router sends it away.
 */
export class RouterLink {
  readonly #options: LinkOptions;
  readonly #routers: ServerList<string>;
  #state: State = { at: 'closed' };
  #attempt = 0;
  #welcomes = 0;
  #heartbeatMs = defaultHeartbeatMs;
  #lastSign = 0;
  #watchdog: NodeJS.Timeout | undefined;
  /** The problems that were logged since the last registration. None is logged twice. */
  readonly #logged = new Set<string>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#routers = new ServerList(options.urls, options.dice);
  }

  get registered(): boolean {
    return this.#state.at === 'registered';
  }
  get reconnects(): number {
    return Math.max(0, this.#welcomes - 1);
  }

  /** Connects, and reconnects after every loss, until `close` or a code that forbids it. */
  open(listener: LinkListener): void {
    const { token, now } = this.#options;
    const url = this.#routers.current;
    // TCP_NODELAY is set by ws on every socket.
    const socket = new WebSocket(url, subprotocol, {
      perMessageDeflate: false,
      maxPayload: maxFrameTaken,
      handshakeTimeout: registerDeadlineMs,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    this.#state = { at: 'dialling', socket, since: now() };
    let problem = '';
    socket.on('open', () => this.#register(socket, listener));
    socket.on('ping', () => this.#sign());
    socket.on('message', (data, isBinary) => {
      if (isBinary) return;
      try {
        this.#receive(socket, listener, String(data));
      } catch (error) {
        this.#options.onFault('frame', error);
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      problem ||= connectionProblem(url, error);
    });
    socket.on('unexpected-response', (_request, response) => {
      readStart(response, (body) => {
        problem = upgradeProblem(response.statusCode ?? 0, body);
        socket.terminate();
      });
    });
    socket.on('close', (code, reason) => this.#closed(socket, listener, code, String(reason), problem));
  }

  /** Returns false, without sending, when there is no registered connection. */
  send(frame: ClientFrame): boolean {
    if (this.#state.at !== 'registered') return false;
    this.#state.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Closes the connection, and waits at most `graceMs` for the close frame of the router. */
  async close(graceMs: number): Promise<void> {
    const state = this.#state;
    this.#state = { at: 'closed' };
    clearInterval(this.#watchdog);
    if (state.at === 'waiting') clearTimeout(state.timer);
    if (!('socket' in state)) return;
    const { socket } = state;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), graceMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000);
    });
  }

  #register(socket: WebSocket, listener: LinkListener): void {
    const { name, capacity, target, model, prompts, now } = this.#options;
    this.#state = { at: 'registering', socket, since: now() };
    this.#watch(socket);
    const frame: ClientFrame = {
      type: 'register',
      name,
      capacity,
      ...(target !== undefined && { target }),
      model,
      working: [...listener.registering()],
      ...(prompts && { prompts }),
    };
    socket.send(JSON.stringify(frame));
  }

  #receive(socket: WebSocket, listener: LinkListener, raw: string): void {
    this.#sign();
    if (this.#state.at === 'closed') return;
    const decoded = decodeRouterFrame(raw);
    if (!decoded.ok) {
      // A newer router may send frames that this version does not know.
      this.#options.log.warn({ problem: decoded.problem }, 'a frame of the router cannot be read');
      return;
    }
    const { frame } = decoded;
    if (frame.type === 'welcome' && this.#state.at === 'registering') this.#welcome(socket, listener, frame);
    else listener.onFrame(frame);
  }

  #welcome(socket: WebSocket, listener: LinkListener, frame: RouterFrameOf<'welcome'>): void {
    this.#state = { at: 'registered', socket, since: this.#options.now() };
    this.#heartbeatMs = frame.heartbeatMs || defaultHeartbeatMs;
    this.#watch(socket);
    this.#welcomes += 1;
    this.#logged.clear();
    this.#options.log.info(
      { router: frame.router, reconnects: this.reconnects, ...this.#where },
      'registered',
    );
    listener.onWelcome(frame);
  }

  #sign(): void {
    this.#lastSign = this.#options.now();
  }

  /** A broken network may leave the socket open. So the connection is ended when neither a ping nor a frame arrives in time. */
  #watch(socket: WebSocket): void {
    const { now, log } = this.#options;
    const patienceMs = 2.5 * this.#heartbeatMs;
    this.#sign();
    clearInterval(this.#watchdog);
    this.#watchdog = setInterval(() => {
      if (now() - this.#lastSign < patienceMs) return;
      log.warn({ silentMs: Math.round(now() - this.#lastSign) }, 'the router does not answer');
      socket.terminate();
    }, this.#heartbeatMs / 2);
  }

  #closed(socket: WebSocket, listener: LinkListener, code: number, reason: string, problem: string): void {
    clearInterval(this.#watchdog);
    const { onDismissed, dice, now } = this.#options;
    const state = this.#state;
    if (!('socket' in state) || state.socket !== socket) return;
    if (returnRule(code) === 'never') {
      this.#state = { at: 'closed' };
      return onDismissed(code, reason);
    }
    this.#logProblem(state.at, code, reason, problem);
    // After a 41xx close the back-off is kept, unless the connection lasted 30 s.
    const isSettled = state.at === 'registered' && now() - state.since >= settledMs;
    const askedToWait = code >= 4100 && code < 4200 && !isSettled;
    const wasLost = state.at === 'registered' && !askedToWait;
    if (wasLost) this.#attempt = 0;
    const stays = wasLost && returnRule(code) !== 'at-once';
    if (stays || isSettled) this.#routers.worked();
    const hasOther = !stays && this.#routers.next();
    const waitMs = hasOther
      ? 0
      : fullJitter(this.#attempt, dice, this.#welcomes === 0 ? coldStart : returning);
    if (!hasOther) this.#attempt += 1;
    this.#state = { at: 'waiting', timer: setTimeout(() => this.open(listener), waitMs) };
  }

  /** Which of several routers. */
  get #where(): { readonly url?: string } {
    return this.#routers.all.length > 1 ? { url: withoutPassword(this.#routers.current) } : {};
  }

  /** Logs each kind of problem once, because an agent may wait for its router for days. */
  #logProblem(at: string, code: number, reason: string, problem: string): void {
    const { log } = this.#options;
    const router = withoutPassword(this.#routers.current);
    const message =
      at === 'registered'
        ? 'the connection to the router is lost; trying again until it is back'
        : at === 'registering'
          ? 'the router refused this agent for now; trying again'
          : 'no connection to a router at ROUTER_URL; trying again until there is one';
    const trouble = at === 'dialling' ? message + problem : message;
    const level = this.#logged.has(trouble) ? 'debug' : 'warn';
    this.#logged.add(trouble);
    log[level]({ router, code, ...(reason && { reason }), ...(problem && { problem }) }, message);
  }
}

/** Characters of the response to a failed upgrade that are logged. */
const answerShown = 4_096;
const answerMs = 2_000;

/** Reads the beginning of a response. It is bounded in size and time, because a server may send any amount at any speed. */
const readStart = (response: IncomingMessage, then: (text: string) => void): void => {
  let text = '';
  let isDone = false;
  const done = () => {
    clearTimeout(timer);
    if (!isDone) then(text.slice(0, answerShown));
    isDone = true;
  };
  const timer = setTimeout(done, answerMs);
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length >= answerShown) done();
  });
  response.once('end', done).once('error', done).once('close', done);
};

const withoutPassword = (url: string) => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
};
