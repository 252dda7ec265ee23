import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOfInflux, spoolRemedy } from '../../daemon/check/remedies.ts';
import { LockError } from '../../lib/influx/spool/lock.ts';
import { type Target, writer } from '../../lib/influx/writer.ts';
import { StandIn } from '../influx/stand-in.ts';

const nobody = { username: undefined, password: undefined, retentionPolicy: undefined };

async function failure(target: Target): Promise<Error> {
  try {
    await writer(target)('m v=1i 1');
  } catch (error) {
    return error as Error;
  }
  return assert.fail('it was taken');
}

for (const [status, second, first] of [
  [401, /INFLUX_TOKEN/, /INFLUX_USERNAME/],
  [403, /INFLUX_TOKEN/, /INFLUX_USERNAME/],
  [404, /INFLUX_BUCKET/, /INFLUX_DATABASE/],
  [429, /quota/, /quota/],
  [500, /read its log/, /read its log/],
  [503, /read its log/, /read its log/],
] as const) {
  test(`a ${status} of InfluxDB has a remedy of its own`, async () => {
    await using influx = await StandIn.start();
    influx.answer = () => status;
    const { url } = influx;
    const target: Target = { url, api: 2, org: 'o', bucket: 'b', token: influx.token };
    const error = await failure(target);
    assert.match(faultOfInflux(error, target).fix, second);
    assert.match(faultOfInflux(error, { url, api: 1, database: 'd', ...nobody }).fix, first);
    if (status >= 429)
      assert.doesNotMatch(faultOfInflux(error, target).fix, /INFLUX_(?:URL|TOKEN|BUCKET)/);
  });
}

for (const [code, words] of [
  ['ENOSPC', /make room/],
  ['EROFS', /mount a volume/],
  ['EACCES', /let the user/],
  ['ENOTDIR', /there is a file/],
  ['ERR_WINDOW_SIZE', /raise SPOOL_MAX/],
] as const) {
  test(`so has a disk that says ${code}`, () => {
    assert.match(spoolRemedy(Object.assign(new Error('no'), { code })), words);
  });
}

test('a directory that another agent has is no matter of the disk', () => {
  const fix = spoolRemedy(new LockError('another process has /spool/lock'));
  assert.match(fix, /another nstats/);
  assert.doesNotMatch(fix, /mount|room/);
});
