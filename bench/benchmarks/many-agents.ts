import type { Child } from '../measure/child.ts';
import { pause, startAgentProcess, startRouter, until } from '../measure/parley.ts';
import { cpuMs, memoryKiB } from '../measure/process-cost.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

interface Form {
  readonly agents: number;
  readonly processes: number;
  /** Turns of each conversation. Agents talk in pairs, all pairs at once. */
  readonly turns: number;
  /** The time that a rehearsed reply takes, as a model would. It is long enough for two cores to keep up. */
  readonly replyMs: number;
}

const many: Form = { agents: 1_000, processes: 4, turns: 12, replyMs: 5_000 };
const fifty: Form = { agents: 100, processes: 1, turns: 20, replyMs: 1_000 };
/** What an agent takes by itself does not depend on their number, so that a fifth of the processes is enough to compare with. */
const alone: Form = { agents: 20, processes: 20, turns: 20, replyMs: 1_000 };

const personaCount = 20;
const persona = (index: number): string =>
  `You are member ${index} of a panel of ${personaCount}. You speak plainly, give one example of your own and ask one question back. At most three sentences.`;

/** Agent i of a form opens a conversation with agent i + 1 where i is even. Its persona is one of twenty. */
const castOf = ({ agents, processes }: Form): Record<string, string>[] => {
  const name = (index: number) => `p${index % personaCount}-${index}`;
  const casts = Array.from({ length: processes }, (): number[] => []);
  for (let index = 0; index < agents; index++) casts[Math.floor((index * processes) / agents)]!.push(index);
  return casts.map((indices) => ({
    AGENT_NAMES: indices.map(name).join(','),
    ...Object.fromEntries(
      indices.flatMap((index) => {
        const own = `AGENT_P${index % personaCount}_${index}`;
        const opens = index % 2 === 0;
        return [
          [`${own}_PERSONA`, persona(index % personaCount)],
          [`${own}_TARGET`, opens ? name(index + 1) : name(index - 1)],
          [`${own}_FIRST_SPEAKER`, String(opens)],
        ];
      }),
    ),
  }));
};

interface Measured {
  readonly routerMiB: number;
  /** All processes of agents together. */
  readonly agentsMiB: number;
  readonly connectedS: number;
  /** The most conversations that ran at one time. */
  readonly running: number;
  readonly cpuPerTurnMs: number;
  readonly lapses: number;
}

/** The sum of a metric of the router over its series. */
const reader = (port: number) => async (): Promise<(name: string) => number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return (name) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
};

const residentMiB = (children: readonly Child[]): number =>
  children.reduce((sum, { pid }) => sum + memoryKiB(pid).rss, 0) / 1_024;

const measure = async (form: Form): Promise<Measured> => {
  const router = await startRouter({ ledger: 'sqlite' });
  const read = reader(router.port);
  const began = performance.now();
  const agents = castOf(form).map((cast) =>
    startAgentProcess(router.port, {
      ...cast,
      AGENT_MODEL_KIND: 'rehearsal',
      AGENT_REHEARSAL_DELAY_MS: String(form.replyMs),
      AGENT_MAX_TURNS: String(form.turns),
      AGENT_MAX_REPETITION: '0',
      AGENT_TOPIC: 'what a good day at work needs',
    }),
  );
  const failed = Promise.race([router.child, ...agents].map((child) => child.failed));
  const race = <T>(wait: Promise<T>): Promise<T> => Promise.race([wait, failed]);
  try {
    const connected = async () => (await read())('parley_agents_connected') === form.agents;
    await race(until(connected, `${form.agents} agents are connected`));
    const connectedS = (performance.now() - began) / 1_000;
    const conversations = form.agents / 2;
    let [routerMiB, agentsMiB, running] = [0, 0, 0];
    for (;;) {
      const now = await race(read());
      routerMiB = Math.max(routerMiB, residentMiB([router.child]));
      agentsMiB = Math.max(agentsMiB, residentMiB(agents));
      running = Math.max(running, now('parley_conversations_running'));
      if (now('parley_conversations_ended_total') === conversations) break;
      await race(pause(500));
    }
    const turns = (await read())('parley_turns_total');
    const lapses = (await read())('parley_lapses_total');
    const cpu = agents.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
    return { routerMiB, agentsMiB, connectedS, running, cpuPerTurnMs: cpu / turns, lapses };
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()));
    await router.child.stop();
  }
};

/** What many agents in few processes take, in memory and CPU, and what a process for each takes. */
export const manyAgents = async ({ rounds }: Options): Promise<Outcome> => {
  const samples = new Map<string, { unit: string; samples: number[] }>();
  const note = (what: string, unit: string, sample: number) => {
    const one = samples.get(what) ?? { unit, samples: [] };
    one.samples.push(sample);
    samples.set(what, one);
  };
  const noteAll = (what: string, form: Form, measured: Measured) => {
    note(`${what}: agents and router`, 'MiB', measured.agentsMiB + measured.routerMiB);
    note(`${what}: router`, 'MiB', measured.routerMiB);
    note(`${what}: one agent`, 'MiB', measured.agentsMiB / form.agents);
    note(`${what}: all connected`, 's', measured.connectedS);
    note(`${what}: conversations at once`, '', measured.running);
    note(`${what}: CPU of the agents a turn, with their start`, 'ms', measured.cpuPerTurnMs);
    note(`${what}: turns that lapsed`, '', measured.lapses);
    progress(
      `${what}: ${Math.round(measured.agentsMiB)} + ${Math.round(measured.routerMiB)} MiB, ${measured.running} at once`,
    );
  };
  const [ofMany, ofFifty, ofAlone] = [
    '1,000 agents of 20 personas in 4 processes',
    '100 agents in one process',
    '20 agents in 20 processes',
  ];
  for (let round = 0; round < rounds; round++) {
    const separate = await measure(alone);
    noteAll(ofAlone, alone, separate);
    const together = await measure(fifty);
    noteAll(ofFifty, fifty, together);
    noteAll(ofMany, many, await measure(many));
    const [each, hosted] = [separate.agentsMiB / alone.agents, together.agentsMiB / fifty.agents];
    note('an agent of 100 in one process over one in its own: memory', 'ratio', hosted / each);
    note(
      'an agent of 100 in one process over one in its own: CPU a turn',
      'ratio',
      together.cpuPerTurnMs / separate.cpuPerTurnMs,
    );
  }
  const figures: Figure[] = [...samples].map(([what, rest]) => ({ what, ...rest }));
  const middle = (what: string) => median(samples.get(what)!.samples);
  const target = (what: string, atMost: number) => ({
    claim: `${what} (${samples.get(what)!.unit})`,
    measured: middle(what),
    atMost,
  });
  return {
    figures,
    targets: [
      target(`${ofMany}: agents and router`, 2_048),
      {
        claim: 'of 500 conversations, not all at once',
        measured: 500 - middle(`${ofMany}: conversations at once`),
        atMost: 0,
      },
      { claim: 'turns that lapsed', measured: middle(`${ofMany}: turns that lapsed`), atMost: 0 },
      target(`${ofFifty}: agents and router`, 300),
      target('an agent of 100 in one process over one in its own: memory', 0.1),
    ],
    remarks: [
      'Resident memory, each process at its highest while all conversations ran; the replies are rehearsed.',
      `A process for each of 100 agents would take ${Math.round(100 * middle(`${ofAlone}: one agent`))} MiB with this build, beside the router.`,
    ],
  };
};
