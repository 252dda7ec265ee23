import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { explain, readNodeRights, type NodeRights } from '../../lib/bpf/explain.ts';

const { EPERM, ENOSYS, EACCES, ENOMEM, EINVAL, EAFNOSUPPORT } = constants.errno;
const ALL: NodeRights = {
  release: '6.12.1',
  capabilities: new Set(['SYS_ADMIN', 'NET_RAW']),
  hasSeccomp: false,
  lockdown: '',
};
const MAP = 'create a flow map';

for (const [errno, step, rights, expected] of [
  [0, 'malformed command', {}, /^malformed command$/],
  [ENOSYS, MAP, {}, /CONFIG_BPF_SYSCALL/],
  [EPERM, MAP, { capabilities: new Set(['NET_RAW']) }, /Add the capabilities BPF and PERFMON/],
  [EPERM, MAP, { capabilities: new Set(['BPF']), hasSeccomp: true }, /seccomp profile/],
  [EPERM, MAP, { release: '5.10.0-8' }, /RLIMIT_MEMLOCK/],
  [EPERM, MAP, { lockdown: 'none integrity [confidentiality]' }, /locked down/],
  [EPERM, 'load the program', {}, /does not allow bpf\(2\)/],
  [EACCES, MAP, {}, /SELinux/],
  [ENOMEM, MAP, {}, /memory limit/],
  [EINVAL, 'read the flows', { release: '4.18.0' }, /takes Linux 5\.6, this is 4\.18\.0/],
  [EINVAL, 'read the flows', {}, /^cannot read the flows: invalid argument \(EINVAL\)$/],
  [EPERM, 'open a packet socket', { capabilities: new Set<string>() }, /NET_RAW/],
  [EAFNOSUPPORT, 'open a packet socket', {}, /CONFIG_PACKET/],
  [EPERM, 'enter the network namespace', {}, /SYS_ADMIN/],
] as const) {
  test(`${step}, errno ${errno}: ${expected.source}`, () => {
    assert.match(explain({ errno, step }, { ...ALL, ...rights }), expected);
  });
}

test('the rights of this process are read', () => {
  const { release, capabilities } = readNodeRights();
  assert.match(release, /^\d+\.\d+/);
  assert.ok(process.getuid?.() !== 0 || capabilities.has('NET_RAW'));
  assert.deepEqual(readNodeRights('/nowhere').capabilities, new Set());
});
