import { type ConnectionReportOptions, connectionReport } from '../activity/connection-report.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { Handover } from '../delivery/handover/handover.ts';
import { SharedMarks } from '../delivery/handover/shared-marks.ts';
import type { Mailboxes } from '../delivery/mailbox/mailboxes.ts';
import type { DeliveryWatermarks } from '../delivery/plain/delivery-watermarks.ts';
import type { MessageSender } from '../delivery/plain/message-sender.ts';
import type { PlainDelivery } from '../delivery/plain/plain-delivery.ts';
import type { Presence, PresenceChange } from '../presence/presence.ts';
import { SharedPresence } from '../presence/shared-presence.ts';

export interface SharingOptions extends Omit<ConnectionReportOptions, 'isBehind'> {
  readonly cluster: Cluster;
  readonly presence: Presence;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  readonly sender: MessageSender;
  readonly plainDelivery: PlainDelivery;
  readonly onFailure: (error: unknown) => void;
  /** Calls `act` after `ms`, unless the function that it returns is called before. */
  readonly later?: (act: () => void, ms: number) => () => void;
}

const byTimer = (act: () => void, ms: number): (() => void) => {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
};

/**
 * What a router shares with the other routers of its ledger: which names are connected, and up to where clients have received
 * messages.
 */
export class Sharing {
  readonly handover: Handover;
  readonly #presence: SharedPresence;
  readonly #marks: SharedMarks;

  constructor(options: SharingOptions) {
    const { cluster, presence, mailboxes, watermarks, sender, plainDelivery, onFailure } = options;
    const { later = byTimer } = options;
    const { union } = presence;
    if (!union) throw new Error('this presence is not shared: it was made for a single router');
    const isBehind = (name: string): boolean => {
      const client = presence.plainClient(name);
      return client !== undefined && (!sender.isReading(client) || mailboxes.get(name)?.hasWaiting === true);
    };
    this.#presence = new SharedPresence({
      ...{ cluster, presence, onFailure, later, ...union },
      table: cluster.table('presence'),
      describe: (registered) => connectionReport({ ...options, isBehind }, registered),
    });
    this.#marks = new SharedMarks({
      table: cluster.table('marks'),
      onMoved: (marks) => plainDelivery.deliveredElsewhere(marks),
    });
    this.handover = new Handover({
      ...{ cluster, presence, mailboxes, watermarks, later },
      marks: this.#marks,
    });
  }

  /** Resolves when the shared state of the other routers is known. Must be awaited before the router listens. */
  async start(): Promise<void> {
    await Promise.all([this.#presence.start(), this.#marks.follow()]);
  }

  onPresence(change: PresenceChange): void {
    this.#presence.onPresence(change);
  }

  /** To be called a few times a second. */
  tick(now: number): void {
    this.#presence.tick(now);
  }

  stop(): void {
    this.#presence.stop();
  }
}
