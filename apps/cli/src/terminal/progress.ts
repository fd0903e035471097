import { type AgentView, type Entry, floorAfter, type Limits } from '@parley/protocol';
import { dollars } from './ending-text.ts';

const barWidth = 12;
/** The usual time until a grant arrives. A member that has not begun by then waits for something. */
const startsWithinMs = 1_500;

const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};
const whole = (value: number): string => value.toLocaleString('en-US');

/** The progress of a conversation towards its limits. It is updated with entries and can be read at any time. */
export class Progress {
  #limits: Limits | undefined;
  #lines = 0;
  #tokens = 0;
  #cost = 0;
  #startedAt = 0;
  #pausedAt: number | undefined;
  #pausedMs = 0;
  #floor: readonly string[] = [];
  #bidding = false;
  #floorSince = 0;
  readonly #seats = new Set<string>();
  #writing: string | undefined;

  /** A member is writing. Returns true when another one was writing before. */
  chunk(from: string): boolean {
    const changed = this.#writing !== from;
    this.#writing = from;
    return changed;
  }

  entry(entry: Entry): void {
    if ('limits' in entry) this.#limits = entry.limits;
    const floor = floorAfter(entry, this.#floor);
    if (floor) {
      this.#floor = floor;
      // An entry without `floor` does not change `bidding`.
      if ('floor' in entry) this.#bidding = 'bidding' in entry && entry.bidding === true;
      this.#floorSince = entry.at;
      this.#writing = undefined;
    }
    if ('usage' in entry && entry.usage) this.#tokens += entry.usage.inputTokens + entry.usage.outputTokens;
    if ('cost' in entry) this.#cost += entry.cost ?? 0;
    switch (entry.type) {
      case 'opened':
        this.#startedAt = entry.at;
        return;
      case 'said':
      case 'passed':
        this.#lines++;
        return;
      case 'paused':
        this.#pausedAt = entry.at;
        return;
      case 'resumed':
        if (this.#pausedAt !== undefined) this.#pausedMs += entry.at - this.#pausedAt;
        this.#pausedAt = undefined;
        return;
      case 'seated':
        this.#seats.add(entry.who);
        return;
      case 'unseated':
        this.#seats.delete(entry.who);
        return;
      default:
    }
  }

  /** The progress in one line. `agents`: the connected agents, if known. */
  text(now: number, agents: readonly AgentView[] | undefined): string {
    const limits = this.#limits;
    if (!limits) return 'not opened yet';
    const { maxTurns, maxDurationMs, maxTokens = 0, maxCost = 0 } = limits;
    const elapsed = (this.#pausedAt ?? now) - this.#startedAt - this.#pausedMs;
    const used = [
      [this.#lines, maxTurns],
      [elapsed, maxDurationMs],
      [this.#tokens, maxTokens],
      [this.#cost, maxCost],
    ] as const;
    const nearest = Math.max(0, ...used.map(([value, limit]) => (limit > 0 ? value / limit : 0)));
    const of = (text: string, limit: string | undefined) => (limit === undefined ? text : `${text}/${limit}`);
    const parts = [
      `${of(whole(this.#lines), maxTurns > 0 ? whole(maxTurns) : undefined)} turns`,
      `${of(whole(this.#tokens), maxTokens > 0 ? whole(maxTokens) : undefined)} tokens`,
      ...(this.#cost > 0 || maxCost > 0
        ? [of(dollars(this.#cost), maxCost > 0 ? dollars(maxCost) : undefined)]
        : []),
      of(clock(elapsed), maxDurationMs > 0 ? clock(maxDurationMs) : undefined),
      this.#state(now, agents),
    ];
    const full = Math.min(barWidth, Math.round(nearest * barWidth));
    return `${'━'.repeat(full)}${'╌'.repeat(barWidth - full)} ${parts.join(' · ')}`;
  }

  /** The member that the conversation waits for, and the reason. */
  #state(now: number, agents: readonly AgentView[] | undefined): string {
    if (this.#pausedAt !== undefined) return 'paused';
    const [first, ...others] = this.#floor;
    if (first === undefined) return 'no member has to speak';
    if (this.#bidding) return `${this.#floor.join(', ')} may bid`;
    if (this.#writing !== undefined) return `${this.#writing} speaks`;
    const seated = this.#floor.find((name) => this.#seats.has(name));
    if (seated !== undefined) return `waiting for the operator in the seat of ${seated}`;
    const away = this.#floor.filter((name) => agents?.every((agent) => agent.name !== name));
    if (agents && away.length > 0) return `waiting for ${away.join(', ')} to connect`;
    const idle = agents?.find(({ name }) => name === first);
    const begun = this.#floorSince + (this.#limits?.paceMs ?? 0);
    if (now < begun) return `${first} is next`;
    if (idle?.active === 0 && idle.capacity > 0 && now - begun > startsWithinMs) {
      return `${first} waits for the rate of its model`;
    }
    return others.length > 0 ? `waiting for ${this.#floor.join(', ')}` : `${first} thinks`;
  }
}
