import { test } from 'node:test';
import { Waker } from '../../lib/waker.ts';

test('a wait ends after its time, or when it is woken', async () => {
  const waker = new Waker();
  waker.wake();
  await waker.wait(1);
  const endless = waker.wait(Infinity);
  waker.wake();
  await endless;
});
