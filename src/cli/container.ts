import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * Bytes that the control groups which the process is in let it take: the smallest of their limits, all the way up; infinite if there is
 * none. What Node tells of it looks at the innermost group alone. `read` throws where there is no such file.
 */
export const containerMemory = (read = (path: string) => readFileSync(path, 'utf8')): number => {
  const lines = (path: string) => {
    try {
      return read(path).split('\n');
    } catch {
      return [];
    }
  };
  const groups = lines('/proc/self/cgroup').map(parsedGroup);
  const limits = lines('/proc/self/mountinfo').flatMap((line) => {
    const mount = parsedMount(line);
    const group = mount && groups.find(({ controllers }) => isOf(controllers, mount));
    if (!mount || !group) return [];
    return upwards(mount, group.path).flatMap((directory) =>
      mount.files.flatMap((name) => lines(posix.join(directory, name)).slice(0, 1)),
    );
  });
  return Math.min(...limits.filter((limit) => /^\d+$/.test(limit)).map(Number));
};

/** A hierarchy of control groups that limits memory. */
interface Mount {
  /** The group that is seen at the mount point. */
  readonly root: string;
  readonly point: string;
  readonly version: 1 | 2;
  /** Which of a group's files have limits. */
  readonly files: readonly string[];
}

/** A line of /proc/self/mountinfo, as proc(5) has it; undefined if it is another file system. */
const parsedMount = (line: string): Mount | undefined => {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root = '', point = ''] = before.split(' ').map(unescaped);
  const [type, , options = ''] = after.split(' ');
  if (type === 'cgroup2') return { root, point, version: 2, files: ['memory.max', 'memory.high'] };
  if (type === 'cgroup' && options.split(',').includes('memory'))
    return { root, point, version: 1, files: ['memory.limit_in_bytes'] };
  return undefined;
};

const unescaped = (path: string) =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** A line of /proc/self/cgroup: a number, controllers, the group's path from the root of the hierarchy. */
const parsedGroup = (line: string) => {
  const [, controllers, ...path] = line.split(':');
  return { controllers, path: path.join(':') };
};

const isOf = (controllers: string | undefined, { version }: Mount): boolean =>
  version === 2 ? controllers === '' : (controllers?.split(',').includes('memory') ?? false);

/** The directories of the group and of those that it lies in, as far as they are mounted. */
const upwards = ({ root, point }: Mount, group: string): string[] => {
  const isBelow = root !== '/' && (group === root || group.startsWith(`${root}/`));
  const names = (isBelow ? group.slice(root.length) : group).split('/').filter((name) => name !== '' && name !== '..');
  return [...names.keys(), names.length].map((length) => posix.join(point, ...names.slice(0, length)));
};
