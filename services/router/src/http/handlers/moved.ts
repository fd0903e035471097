import type { OtherStreams } from '../../cluster/other-streams.ts';
import { LedgerDamage } from '../../ledger/damage.ts';
import { errorReply, type HttpReply, movedReply } from '../server/replies.ts';

const answered = async (
  address: Promise<string | undefined>,
  path: string,
): Promise<HttpReply | undefined> => {
  try {
    const url = await address;
    return url === undefined ? undefined : movedReply(`${url}${path}`);
  } catch (error) {
    if (error instanceof LedgerDamage) throw error;
    return errorReply(
      'unavailable',
      'a stream that may have the conversation does not answer now: try again',
    );
  }
};

/** The reply to a request for a conversation of another stream; undefined when it is to be answered here. */
export const movedTo = async (
  streams: OtherStreams | undefined,
  conversation: string,
  path: string,
): Promise<HttpReply | undefined> => streams && (await answered(streams.addressOf(conversation), path));

/** The same for a request that opens a conversation with this id. */
export const opensAt = async (
  streams: OtherStreams | undefined,
  conversation: string,
  path: string,
): Promise<HttpReply | undefined> => streams && (await answered(streams.addressFor(conversation), path));
