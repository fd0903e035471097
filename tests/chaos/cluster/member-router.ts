import { setTimeout as delay } from 'node:timers/promises';
import type { NatsServer } from '../../harness/nats-servers.ts';
import { RunningRouter } from '../../harness/parley.ts';
import { FaultyLink, type LinkState } from '../faulty-link.ts';

/** It only ends a hang: a router waits for a cluster of NATS that chooses its leaders. */
const startMs = 120_000;
/** The same for a router that does not come up. */
const startsAtMost = 60;

/** A router among several: a process with a local copy of its own, and a link of its own to each server of NATS. */
export class MemberRouter {
  readonly name: string;
  readonly #links: readonly FaultyLink[];
  #router: RunningRouter;
  /** Whether a load balancer would send it connections. */
  isUp = true;
  /** Its exits that this test did not cause. */
  unexpected = 0;
  #isExpected = false;

  private constructor(name: string, links: readonly FaultyLink[], router: RunningRouter) {
    this.name = name;
    this.#links = links;
    this.#router = router;
    this.#watch();
  }

  static async start(
    name: string,
    servers: readonly NatsServer[],
    env: Readonly<Record<string, string>>,
  ): Promise<MemberRouter> {
    const links = await Promise.all(servers.map(({ port }) => FaultyLink.open(() => port)));
    const router = await RunningRouter.start(
      {
        ...env,
        ROUTER_LEDGER: links.map(({ address }) => `nats://${address}`).join(','),
        ROUTER_NATS_MONITOR: servers.map(({ monitor }) => monitor).join(','),
      },
      startMs,
    );
    return new MemberRouter(name, links, router);
  }

  get router(): RunningRouter {
    return this.#router;
  }

  get port(): number {
    return Number(this.#router.port);
  }

  /** The process is gone at once or after its turns, by the signal; `awayMs` later it is started again. */
  async replace(signal: 'SIGKILL' | 'SIGTERM', awayMs: number): Promise<void> {
    this.isUp = false;
    this.#isExpected = true;
    this.#router.process.signal(signal);
    await this.#router.process.exit(startMs);
    await delay(awayMs);
    await this.#start();
  }

  async stopFor(ms: number): Promise<void> {
    const { process } = this.#router;
    this.isUp = false;
    process.signal('SIGSTOP');
    await delay(ms);
    process.signal('SIGCONT');
    this.isUp = true;
  }

  /** Its links to NATS, all or one, are so for a while. Connections that were half-open stay dead. */
  async linksBecome(state: LinkState, which: (index: number) => boolean, ms: number): Promise<void> {
    const chosen = this.#links.filter((_, index) => which(index));
    for (const link of chosen) link.become(state);
    await delay(ms);
    for (const link of chosen) link.become({ kind: 'sound' });
  }

  cutLinks(): void {
    for (const link of this.#links) link.cut();
  }

  async end(): Promise<void> {
    this.#isExpected = true;
    this.#router.process.signal('SIGTERM');
    await this.#router.process.exit(startMs);
    for (const link of this.#links) link.close();
  }

  /** As an engine does: a router that does not come up, because the servers of NATS are out of order, is started again. */
  async #start(): Promise<void> {
    this.#isExpected = false;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#router.startAgain(startMs);
        break;
      } catch (error) {
        if (attempt === startsAtMost) throw error;
        await this.#router.process.kill();
      }
    }
    this.#watch();
    this.isUp = true;
  }

  /** As an engine does that restarts what has exited. */
  #watch(): void {
    const { process } = this.#router;
    void process.exited.then(async () => {
      if (this.#isExpected || this.#router.process !== process) return;
      this.unexpected++;
      this.isUp = false;
      await this.#start().catch(() => {});
    });
  }
}
