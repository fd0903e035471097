import { type AgentView, type ConversationView, type Entry, floorAfter, viewAfter } from '@parley/protocol';
import { clock, dollars } from './ending-text.ts';

const barWidth = 12;
/** The usual time until a grant arrives. A member that has not begun by then waits for something. */
const startsWithinMs = 1_500;

const whole = (value: number): string => value.toLocaleString('en-US');

/** The progress of a conversation towards its limits. It is updated with entries and can be read at any time. */
export class Progress {
  #view: ConversationView | undefined;
  #bidding = false;
  #floorSince = 0;
  #writing: string | undefined;

  /** A member is writing. Returns true when another one was writing before. */
  chunk(from: string): boolean {
    const changed = this.#writing !== from;
    this.#writing = from;
    return changed;
  }

  entry(entry: Entry): void {
    const floor = floorAfter(entry, this.#view?.floor ?? []);
    if (floor) {
      // An entry without `floor` does not change `bidding`.
      if ('floor' in entry) this.#bidding = 'bidding' in entry && entry.bidding === true;
      this.#floorSince = entry.at;
      this.#writing = undefined;
    }
    // The id is not shown.
    this.#view = viewAfter(this.#view, '', entry) ?? this.#view;
  }

  /** The progress in one line. `agents`: the connected agents, if known. */
  text(now: number, agents: readonly AgentView[] | undefined): string {
    const view = this.#view;
    if (!view) return 'not opened yet';
    const { turns, usage, limits } = view;
    const { maxTurns, maxDurationMs, maxTokens = 0, maxCost = 0 } = limits;
    const tokens = usage.inputTokens + usage.outputTokens;
    const elapsed = (view.pausedAt ?? now) - view.startedAt - view.pausedMs;
    const used = [
      [turns, maxTurns],
      [elapsed, maxDurationMs],
      [tokens, maxTokens],
      [usage.cost, maxCost],
    ] as const;
    const nearest = Math.max(0, ...used.map(([value, limit]) => (limit > 0 ? value / limit : 0)));
    const of = (text: string, limit: string | undefined) => (limit === undefined ? text : `${text}/${limit}`);
    const parts = [
      `${of(whole(turns), maxTurns > 0 ? whole(maxTurns) : undefined)} turns`,
      `${of(whole(tokens), maxTokens > 0 ? whole(maxTokens) : undefined)} tokens`,
      ...(usage.cost > 0 || maxCost > 0
        ? [of(dollars(usage.cost), maxCost > 0 ? dollars(maxCost) : undefined)]
        : []),
      of(clock(elapsed), maxDurationMs > 0 ? clock(maxDurationMs) : undefined),
      this.#state(view, now, agents),
    ];
    const full = Math.min(barWidth, Math.round(nearest * barWidth));
    return `${'━'.repeat(full)}${'╌'.repeat(barWidth - full)} ${parts.join(' · ')}`;
  }

  /** The member that the conversation waits for, and the reason. */
  #state(view: ConversationView, now: number, agents: readonly AgentView[] | undefined): string {
    if (view.pausedAt !== undefined) return 'paused';
    const { floor, seats, limits } = view;
    const [first, ...others] = floor;
    if (first === undefined) return 'no member has to speak';
    if (this.#bidding) return `${floor.join(', ')} may bid`;
    if (this.#writing !== undefined) return `${this.#writing} speaks`;
    const seated = floor.find((name) => Object.hasOwn(seats, name));
    if (seated !== undefined) return `waiting for the operator in the seat of ${seated}`;
    const away = floor.filter((name) => agents?.every((agent) => agent.name !== name));
    if (agents && away.length > 0) return `waiting for ${away.join(', ')} to connect`;
    const idle = agents?.find(({ name }) => name === first);
    const begun = this.#floorSince + (limits.paceMs ?? 0);
    if (now < begun) return `${first} is next`;
    if (idle?.active === 0 && idle.capacity > 0 && now - begun > startsWithinMs) {
      return `${first} waits for the rate of its model`;
    }
    return others.length > 0 ? `waiting for ${floor.join(', ')}` : `${first} thinks`;
  }
}
