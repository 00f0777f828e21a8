import type { Command } from '../../spec/model.ts';
import { type Explored, endsOf, firstDeadEnd, judgeExplored } from '../explored.ts';
import { isOutOfMemory } from '../memory.ts';
import type { SearchState } from './search-state.ts';
import type { SymmetryCheck } from './symmetry-check.ts';

/** Bytes for each state and instance that it is followed with, while infinite paths are looked for. */
const bytesOnPaths = 10;

/** Fewer bytes are there, whatever the process has taken. */
const worthAsking = 2 ** 20;

/** Bytes that judging infinite paths takes for each state. */
export const bytesForPaths = ({ task, symmetry }: SearchState): number => {
  const instances = task.obligations.map(({ property, instances }) =>
    property.on === 'path' ? (symmetry ? instances.length : 1) : 0,
  );
  return bytesOnPaths * Math.max(0, ...instances);
};

/** Judges ends and infinite paths, once the search itself has ended. Returns the commands to the first dead end. */
export const judgeGraph = (search: SearchState, graph: Explored): Command[] | undefined => {
  const { check, task, states, findings, options } = search;
  if (!search.isVerified) return undefined;
  const bytes = bytesForPaths(search) * states.count;
  const refusal = search.bound || bytes < worthAsking ? undefined : options.memoryGuard?.(bytes);
  if (refusal) {
    search.bound = refusal;
    return undefined;
  }
  try {
    if (check) judgeEndsBy(check, search, graph);
    judgeExplored(task, graph, findings);
    const end = firstDeadEnd(task, graph);
    search.checkSymmetry();
    return end;
  } catch (error) {
    search.checkSymmetry();
    if (!isOutOfMemory(error)) throw error;
    search.bound ??= { kind: 'memory', limit: states.bytes, of: 'address space' };
    return undefined;
  }
};

/** Ends are judged plainly. To check the symmetry of these judgements, they are made under observation as well. */
const judgeEndsBy = (check: SymmetryCheck, { task, states, width, findings }: SearchState, graph: Explored) => {
  const judgeables = [...findings.open('end')];
  if (judgeables.length === 0) return;
  for (const end of endsOf(task, graph))
    for (const judgeable of judgeables)
      check.judgePlainly(judgeable, states.words.slice(end * width, (end + 1) * width));
};
