import { setTimeout as delay } from 'node:timers/promises';
import { type ConversationView, RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import type { StartedProcess } from '../harness/started-process.ts';
import type { History, Receipt } from '../history-checker/history.ts';
import { FaultyLink } from './faulty-link.ts';
import { receiptsOf } from './receipts.ts';

export interface ChaosOptions {
  readonly ledger: string;
  readonly conversations: number;
  /** Lines of each conversation. */
  readonly turns: number;
  /** How long a reply takes. */
  readonly replyMs: number;
  /** How long something goes wrong every second. */
  readonly seconds: number;
  /** How long the system may then take, left alone, to bring everything to its end. */
  readonly recoveryMs: number;
  /** 0..1, seeded. */
  random(): number;
  say(line: string): void;
}

export interface ChaosResult {
  readonly conversations: readonly ConversationView[];
  readonly histories: readonly History[];
  readonly receipts: readonly Receipt[];
  readonly done: Readonly<Record<string, number>>;
}

/** An agent process behind a link of its own. */
interface Member {
  readonly name: string;
  readonly link: FaultyLink;
  process: StartedProcess;
}

/** Two replicas of some names, one of others; pairs and rings of three are made of them. */
export const cast = ['ada', 'ada', 'ben', 'cleo', 'cleo', 'dan'];
export const circles = [
  ['ada', 'ben'],
  ['ben', 'cleo'],
  ['cleo', 'dan'],
  ['dan', 'ada'],
  ['ada', 'ben', 'cleo'],
  ['ben', 'dan', 'ada'],
];

/** Seconds that a peer may be silent, and a turn may take, so that faults are found while the run lasts. */
const routerSettings = {
  ROUTER_HEARTBEAT_SECONDS: '1',
  ROUTER_TURN_DEADLINE_SECONDS: '5',
  ROUTER_ON_FAILURE: 'retry',
  ROUTER_MAX_DURATION_SECONDS: '0',
};

/** Conversations at once, while processes are killed and stopped and connections cut; then everything is left alone. */
export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { random, say } = options;
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const between = (least: number, most: number) => least + random() * (most - least);
  const receipts: Receipt[] = [];
  const done: Record<string, number> = {};

  const router = await RunningRouter.start({
    ...routerSettings,
    ROUTER_LEDGER: options.ledger,
  });
  const start = ({ name, link }: { name: string; link: FaultyLink }) =>
    startAgent([name], {
      ROUTER_URL: link.url,
      AGENT_REHEARSAL_DELAY_MS: String(options.replyMs),
      AGENT_CAPACITY: '16',
      LOG_LEVEL: 'warn',
    });
  const members: Member[] = [];
  for (const name of cast) {
    const link = await FaultyLink.open(
      () => Number(router.port),
      (text) => receipts.push(...receiptsOf(text, name)),
    );
    members.push({ name, link, process: start({ name, link }) });
  }
  for (let i = 0; i < options.conversations; i++) {
    const circle = circles[i % circles.length] as string[];
    const response = await fetch(`${router.http}/v1/conversations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `chaos-${i}` },
      body: JSON.stringify({
        members: circle,
        policy: 'round-robin',
        topic: `conversation ${i}`,
        limits: { maxTurns: options.turns },
      }),
    });
    if (response.status !== 201)
      throw new Error(`opening answered ${response.status} ${await response.text()}`);
  }

  /** Things that are set right again after a while, whether or not something else has gone wrong by then. */
  const repairs: Promise<void>[] = [];
  const repairAfter = (ms: number, repair: () => void) => repairs.push(delay(ms).then(repair));
  let restarting: Promise<void> | undefined;

  const faults: Record<string, () => void> = {
    'router killed': () => {
      restarting ??= router.crashAndRestart().finally(() => {
        restarting = undefined;
      });
      repairs.push(restarting);
    },
    'router stopped': () => {
      const { process } = router;
      process.signal('SIGSTOP');
      repairAfter(between(300, 4_000), () => process.signal('SIGCONT'));
    },
    'agent killed': () => {
      const member = pick(members);
      const killed = member.process;
      repairs.push(
        killed.kill('SIGKILL').then(async () => {
          await delay(between(0, 1_000));
          if (member.process === killed) member.process = start(member);
        }),
      );
    },
    'agent stopped': () => {
      const { process } = pick(members);
      process.signal('SIGSTOP');
      repairAfter(between(300, 7_000), () => process.signal('SIGCONT'));
    },
    'connection cut': () => pick(members).link.cut(),
    'link slow': () => {
      const { link } = pick(members);
      link.become({ kind: 'slow', delayMs: between(50, 800) });
      repairAfter(between(500, 4_000), () => link.become({ kind: 'sound' }));
    },
    'link half-open': () => {
      const { link } = pick(members);
      link.become({ kind: 'half-open' });
      repairAfter(between(500, 5_000), () => link.become({ kind: 'sound' }));
    },
  };

  for (let second = 0; second < options.seconds; second++) {
    const kind = pick(Object.keys(faults));
    faults[kind]?.();
    done[kind] = (done[kind] ?? 0) + 1;
    await delay(1_000);
    if (second % 10 === 9) say(`${second + 1} s: ${JSON.stringify(done)}, ${receipts.length} receipts`);
  }
  await Promise.all(repairs);
  for (const { link } of members) link.become({ kind: 'sound' });

  const views = await until(
    'every conversation ends',
    async () => {
      const all = await router.conversations().catch(() => []);
      return all.length === options.conversations && all.every(({ status }) => status === 'ended') && all;
    },
    options.recoveryMs,
  ).catch(async (error: Error) => {
    const { stdout, stderr } = router.process;
    const stuck = (await router.conversations().catch(() => [])).filter(({ status }) => status !== 'ended');
    throw new Error(
      [
        error.message,
        ...stuck.map((view) => JSON.stringify(view)),
        `router: ${stdout.slice(-2_000)}${stderr.slice(-2_000)}`,
        ...members.map(({ name, process }) => `${name}: ${process.stdout.slice(-1_000)}${process.stderr}`),
      ].join('\n'),
    );
  });
  const histories = await Promise.all(
    views.map(
      async ({ id }): Promise<History> => ({
        source: 'router',
        conversation: id,
        entries: await router.entries(id),
      }),
    ),
  );
  await Promise.all(members.map(({ process }) => process.kill()));
  await router.process.kill('SIGTERM');
  for (const { link } of members) link.close();
  return { conversations: views, histories, receipts, done };
};
