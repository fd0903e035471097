import { headers } from '@nats-io/transport-node';
import { afterElection } from '../electing.ts';
import type { NatsLink } from '../nats-link.ts';
import { subjectOf } from '../subjects.ts';

/**
 * Resolves when the server of this link knows who takes the messages of the stream. In a cluster that is known a moment after the stream
 * was made; until then a commit is answered with "no responders". The message names another stream, so it is refused and not stored.
 */
export const untilStreamTakesMessages = async (link: NatsLink, stream: string): Promise<void> => {
  const refused = headers();
  refused.set('Nats-Expected-Stream', `${stream}_probe`);
  await afterElection(
    () => link.request(subjectOf(stream, 'probe'), '', refused),
    () => link.connection.info?.cluster !== undefined,
  );
};
