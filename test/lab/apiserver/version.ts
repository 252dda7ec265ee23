import type { Answer } from './status.ts';

/** The body of /version, as the recorded API server says it. */
export const version: Answer = {
  status: 200,
  body: JSON.stringify(
    {
      major: '1',
      minor: '26',
      gitVersion: 'v1.26.0',
      gitCommit: '54b552033300ab1f94ddf8a9d16032e6619556da',
      gitTreeState: 'clean',
      buildDate: '2026-11-21T00:00:00Z',
      goVersion: 'go1.19.8',
      compiler: 'gc',
      platform: 'linux/amd64',
    },
    undefined,
    2,
  ),
};
