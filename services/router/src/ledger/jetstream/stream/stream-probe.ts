import { headers } from '@nats-io/transport-node';
import { afterElection } from '../electing.ts';
import type { NatsLink } from '../nats-link.ts';
import { subjectOf } from '../subjects.ts';

/**
 * Resolves when the connected server can route messages to the stream. In a cluster this takes a moment after the creation of
 * the stream; until then a commit is answered with "no responders". The probe message names another stream, so it is refused
 * and not stored.
 */
export const untilStreamTakesMessages = async (link: NatsLink, stream: string): Promise<void> => {
  const refused = headers();
  refused.set('Nats-Expected-Stream', `${stream}_probe`);
  await afterElection(
    () => link.request(subjectOf(stream, 'probe'), '', refused),
    () => link.connection.info?.cluster !== undefined,
  );
};
