import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { ConfigError } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { afterElection, isElecting } from '../../../src/ledger/jetstream/electing.ts';
import { NotSent } from '../../../src/ledger/jetstream/nats-link.ts';

const refused = (err_code: number) => new JetStreamApiError({ err_code, code: 503, description: 'refused' });

describe('a cluster of NATS that is choosing its leaders', () => {
  it.each([
    ['no answer in time', new errors.TimeoutError()],
    ['no server that answers for a bucket', new errors.NoRespondersError('$KV.PARLEY_routers.x')],
    [
      'a request that failed for that reason',
      new errors.RequestError('', { cause: new errors.TimeoutError() }),
    ],
    ['JetStream as if it were off', Object.assign(new Error('off'), { name: 'JetStreamNotEnabled' })],
    ['JetStream that is temporarily unavailable', refused(10_008)],
    ['servers that do not suffice yet', refused(10_005)],
    ['a link that was not there', new NotSent('the connection is away')],
  ])('an operation waits for a cluster that is electing its leaders: %s', (_, error) => {
    expect(isElecting(error)).toBe(true);
  });

  it.each([
    ['a setting', new ConfigError(['ROUTER_LEDGER: wrong'])],
    ['a permission', new errors.PermissionViolationError('', 'publish', '$JS.API.INFO')],
    ['a stream of another shape', refused(10_058)],
    ['no space', refused(10_047)],
    ['what is no error', 'timeout'],
  ])('an error that an operator has to fix is reported immediately: %s', (_, error) => {
    expect(isElecting(error)).toBe(false);
  });

  it('an operation that fails while a cluster elects its leaders is repeated, and other errors are reported immediately', async () => {
    const failures: Error[] = [new errors.TimeoutError(), new errors.NoRespondersError('x')];
    const act = async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return 'done';
    };
    expect(await afterElection(act, () => true)).toBe('done');
    const refusedAct = async () => {
      throw refused(10_058);
    };
    await expect(afterElection(refusedAct, () => true)).rejects.toThrow('refused');
    const silent = async () => {
      throw new errors.TimeoutError();
    };
    await expect(afterElection(silent, () => false)).rejects.toThrow(/timeout/i);
  });
});
