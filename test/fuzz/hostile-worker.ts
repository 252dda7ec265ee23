/** Gives a reader, by its name, one text after another, each a mebibyte of what almost matches. */
import { parentPort } from 'node:worker_threads';
import { readers } from './readers.ts';

const LENGTH = 1024 * 1024;
const REPEATED = [
  ...Array.from(' 1x=-:.,/\\\t\n\0%\u00e9'),
  '1 ',
  ' 1',
  ' a',
  'a =>',
  ' <= 1',
  '1 a => 1 ',
  '=\n',
  '1.1',
  '::',
  '1:',
  '/pod',
  '/pod6f1f4f0e-1a2b-4c3d-8e9f-',
  '0123456789abcdef',
  '/crio-conmon',
  '|-- 1',
  '|-- 1.1\n ',
  '|-- 1\n /32 host ',
  'eth0: ',
  '-11111111',
  'partial write: ',
  'partial write: dropped=1',
  ' dropped=',
  '[::1]:',
  'a,',
  'https://',
];

parentPort?.on('message', (name: string) => {
  for (const part of REPEATED) readers[name]?.(`${part.repeat(Math.ceil(LENGTH / part.length))}!`);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  parentPort?.postMessage(name);
});
