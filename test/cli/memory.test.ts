import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { containerMemory } from '../../src/cli/container.ts';
import { memoryGuardFor, memoryLimit } from '../../src/cli/memory.ts';
import { addressSpace, needSpace } from '../../src/cli/ulimit.ts';

const mebibyte = 2 ** 20;

/** A machine as its files tell of it. */
const machine = (files: Readonly<Record<string, string>>) =>
  containerMemory((path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  });

const v2 = '30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const v1 = [
  '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
  '34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
].join('\n');

describe('the memory of the container', () => {
  it('is the least that a group, or one that it lies in, allows (cgroup v2)', () => {
    const files = {
      '/proc/self/mountinfo': v2,
      '/proc/self/cgroup': '0::/user.slice/user-1000.slice/run-1.scope\n',
      '/sys/fs/cgroup/user.slice/user-1000.slice/run-1.scope/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/user-1000.slice/memory.max': `${512 * mebibyte}\n`,
      '/sys/fs/cgroup/user.slice/memory.max': `${800 * mebibyte}\n`,
    };
    expect(machine(files)).toBe(512 * mebibyte);
    const inner = { '/sys/fs/cgroup/user.slice/user-1000.slice/run-1.scope/memory.max': `${64 * mebibyte}\n` };
    expect(machine({ ...files, ...inner })).toBe(64 * mebibyte);
    const throttled = { '/sys/fs/cgroup/user.slice/memory.high': `${32 * mebibyte}\n` };
    expect(machine({ ...files, ...throttled })).toBe(32 * mebibyte);
  });

  it('is found where the container sees its own group at the top', () => {
    expect(
      machine({
        '/proc/self/mountinfo': v2,
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': `${256 * mebibyte}\n`,
      }),
    ).toBe(256 * mebibyte);
  });

  it('and where the group is mounted alone, under its full name (Docker with cgroup v1)', () => {
    expect(
      machine({
        '/proc/self/mountinfo':
          '50 40 0:32 /docker/3f /sys/fs/cgroup/memory ro master:15 - cgroup cgroup rw,memory\n51 40 0:33 / /proc rw - proc proc rw',
        '/proc/self/cgroup': '9:memory:/docker/3f\n8:pids:/docker/3f\n0::/docker/3f\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${300 * mebibyte}\n`,
      }),
    ).toBe(300 * mebibyte);
  });

  it('is that of cgroup v1 beside a cgroup v2 without memory', () => {
    const files = {
      '/proc/self/mountinfo': v1,
      '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/jobs/a:b\n1:cpu,cpuacct:/\n0::/\n',
      '/sys/fs/cgroup/memory/jobs/a:b/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': `${100 * mebibyte}\n`,
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    };
    expect(machine(files)).toBe(100 * mebibyte);
    const { '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': _, ...unlimited } = files;
    expect(machine(unlimited)).toBeGreaterThan(2 ** 62);
  });

  it('reads names of mount points that are written in octal', () => {
    expect(
      machine({
        '/proc/self/mountinfo': '30 23 0:27 / /mnt/c\\040g rw - cgroup2 none rw',
        '/proc/self/cgroup': '0::/a\n',
        '/mnt/c g/a/memory.max': '1000\n',
      }),
    ).toBe(1000);
  });

  it.each([
    ['nothing there, as outside Linux', {}],
    ['no limit', { '/proc/self/mountinfo': v2, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n' }],
    ['what nobody understands', { '/proc/self/mountinfo': '\0 - cgroup2', '/proc/self/cgroup': '::::\n\n' }],
  ])('has no end with %s', (_, files) => {
    expect(machine(files)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is read from this machine', () => {
    expect(containerMemory()).toBeGreaterThan(mebibyte);
    expect(memoryLimit(undefined)).toBe(Math.floor(Math.min(totalmem(), containerMemory()) * 0.6));
    expect(memoryLimit(7)).toBe(7 * mebibyte);
  });
});

describe('the guard of memory', () => {
  const limit = 100 * mebibyte;

  it('lets a process take what it may, and no more', () => {
    let taken = 40 * mebibyte;
    const over = memoryGuardFor(limit, { resident: () => taken });
    expect(over()).toBeUndefined();
    expect(over(60 * mebibyte)).toBeUndefined();
    expect(over(60 * mebibyte + 1)).toEqual({ kind: 'memory', limit, of: 'resident set' });
    expect(over(0, 2 ** 50)).toBeUndefined(); // what is reserved and not written is no matter, unless ulimit -v is set
    taken = limit + 1;
    expect(over()).toEqual({ kind: 'memory', limit, of: 'resident set' });
  });

  it('collects garbage before it believes what it sees', () => {
    const resident = () => process.memoryUsage().arrayBuffers;
    const before = resident();
    const makeGarbage = () => Array.from({ length: 80 }, () => new Uint8Array(mebibyte)).length;
    const over = memoryGuardFor(before + 40 * mebibyte, { resident });
    expect(makeGarbage()).toBe(80);
    expect(over()).toBeUndefined();
    const kept = Array.from({ length: 80 }, () => new Uint8Array(mebibyte));
    expect(memoryGuardFor(before + 40 * mebibyte, { resident })()).toMatchObject({
      kind: 'memory',
      of: 'resident set',
    });
    expect(kept.length).toBe(80);
  });
});

describe('the address space', () => {
  const limits =
    'Max data size   unlimited  unlimited  bytes\nMax address space         1024000000           unlimited            bytes     \n';
  const read = (name: string) => (name === 'limits' ? limits : 'VmPeak:\t  800 kB\nVmSize:\t  500000 kB\n');

  it('is read from /proc', () => {
    expect(addressSpace(read)).toEqual({ limit: 1_024_000_000, taken: 512_000_000 });
    const unlimited = 'Max address space         unlimited            unlimited            bytes     \n';
    expect(addressSpace(() => unlimited)).toEqual({ limit: Number.POSITIVE_INFINITY, taken: 0 });
    expect(addressSpace(() => '')).toEqual({ limit: Number.POSITIVE_INFINITY, taken: 0 });
  });

  it('is asked for before it runs out', () => {
    expect(() => needSpace(2 ** 29, 'this', addressSpace(read))).toThrow(
      'this needs 512 MiB of address space, and ulimit -v leaves 488 MiB',
    );
    expect(() => needSpace(2 ** 28, 'this', addressSpace(read))).not.toThrow();
  });
});
