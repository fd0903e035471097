import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Rejections } from './rejections.ts';

export interface ConnectionLimitRules {
  /** Open connections of any kind; 0 is no limit. */
  readonly total: number;
  /** Of one address; 0 is no limit. */
  readonly perAddress: number;
}

/** Sockets over the limit that stay open for a moment, to receive an error or to ask a health probe. */
const maxSurplus = 64;
const surplusMs = 2_000;

/** Counts connections from the moment in which they are accepted, so that idle ones count as well. */
export class ConnectionLimits {
  readonly #limits: ConnectionLimitRules;
  readonly #rejections: Rejections;
  readonly #byAddress = new Map<string, number>();
  readonly #surplus = new Set<Socket>();
  #open = 0;

  constructor(limits: ConnectionLimitRules, rejections: Rejections) {
    this.#limits = limits;
    this.#rejections = rejections;
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** The connection is over a limit: it gets an error and nothing else. */
  isSurplus({ socket }: IncomingMessage): boolean {
    // Compared by address, because a request over TLS knows another socket than the one that was accepted.
    for (const { remotePort, remoteAddress } of this.#surplus)
      if (remotePort === socket.remotePort && remoteAddress === socket.remoteAddress) return true;
    return false;
  }

  #accept(socket: Socket): void {
    const { total, perAddress } = this.#limits;
    const address = socket.remoteAddress ?? '';
    const count = this.#byAddress.get(address) ?? 0;
    if ((total > 0 && this.#open >= total) || (perAddress > 0 && count >= perAddress))
      return this.#reject(socket);
    this.#open++;
    this.#byAddress.set(address, count + 1);
    socket.once('close', () => {
      this.#open--;
      const left = (this.#byAddress.get(address) ?? 0) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    return undefined;
  }

  #reject(socket: Socket): void {
    this.#rejections.note({ reason: 'connections', address: socket.remoteAddress });
    if (this.#surplus.size >= maxSurplus) return void socket.destroy();
    this.#surplus.add(socket);
    const timer = setTimeout(() => socket.destroy(), surplusMs);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#surplus.delete(socket);
    });
  }
}
