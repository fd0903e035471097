/**
 * What a conversation of two must do, told as simply as possible and without looking at how the router does it.
 * The router is compared with it after every command.
 */
export interface Rules {
  readonly maxTurns: number;
  readonly maxAttempts: number;
  readonly deadlineMs: number;
}

const pauseAfterFailure = (attempts: number) => Math.min(30_000, 250 * 2 ** attempts);

export class ReferenceModel {
  readonly rules: Rules;
  status: 'running' | 'paused' | 'ended' = 'running';
  reason: string | undefined;
  /** Who may speak, and the number of the turn. */
  floor = 'ann';
  turn = 1;
  attempts = 0;
  notBefore = 0;
  /** The time of the running grant; undefined without one. */
  grantedAt: number | undefined;
  passes = 0;
  /** Every answer that was accepted: turn, speaker, text (none for a pass). */
  readonly accepted: { turn: number; from: string; text: string | undefined }[] = [];
  readonly connected = { ann: 0, bob: 0 };

  constructor(rules: Rules) {
    this.rules = rules;
  }

  get other(): string {
    return this.floor === 'ann' ? 'bob' : 'ann';
  }

  /** A turn is granted as soon as nothing stands against it. */
  settle(now: number): void {
    const free = this.connected[this.floor as 'ann' | 'bob'] > 0;
    if (this.status === 'running' && this.grantedAt === undefined && free && this.notBefore <= now)
      this.grantedAt = now;
  }

  answer(text: string | undefined, now: number): void {
    if (this.status === 'ended') return;
    this.accepted.push({ turn: this.turn, from: this.floor, text });
    this.passes = text === undefined ? this.passes + 1 : 0;
    this.floor = this.other;
    this.turn++;
    this.attempts = 0;
    this.notBefore = 0;
    this.grantedAt = undefined;
    if (this.passes >= 2) this.end('agreed');
    else if (this.accepted.length >= this.rules.maxTurns) this.end('max-turns');
    this.settle(now);
  }

  fail(now: number, costsTime: boolean): void {
    this.attempts++;
    this.grantedAt = undefined;
    this.notBefore = costsTime ? now + pauseAfterFailure(this.attempts) : now;
    if (this.attempts >= this.rules.maxAttempts) this.end('failed');
    this.settle(now);
  }

  connect(name: 'ann' | 'bob', now: number): void {
    this.connected[name]++;
    this.settle(now);
  }

  /** `holder`: the connection that went had been granted the turn. */
  drop(name: 'ann' | 'bob', holder: boolean, now: number): void {
    this.connected[name]--;
    if (holder) this.fail(now, false);
  }

  restart(): void {
    this.connected.ann = 0;
    this.connected.bob = 0;
    this.grantedAt = undefined;
  }

  pass(now: number): void {
    if (this.status !== 'ended') this.answer(undefined, now);
  }

  pause(): void {
    if (this.status === 'running') this.status = 'paused';
  }

  resume(now: number): void {
    if (this.status !== 'paused') return;
    this.status = 'running';
    this.settle(now);
  }

  /** Time has gone by, and the router has looked at its clock. */
  tick(now: number): void {
    if (this.grantedAt !== undefined && now >= this.grantedAt + this.rules.deadlineMs) this.fail(now, false);
    this.settle(now);
  }

  end(reason: string): void {
    if (this.status === 'ended') return;
    this.status = 'ended';
    this.reason = reason;
    this.grantedAt = undefined;
  }
}
