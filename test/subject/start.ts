import { fileURLToPath } from 'node:url';
import { type Task, taskOf } from '../../src/engine/task.ts';
import type { Property, Suite } from '../../src/spec/index.ts';
import { Subject, type SubjectOptions } from '../../src/subject/subject.ts';
import { subjectTask } from '../../src/subject/system.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The command line of the toy in JavaScript, with a seeded bug or a bad habit. */
export const toyProgram = (what = ''): string => `${process.execPath} ${file('toy.mjs')} ${what}`;

/** The command line of the subject that is a model. */
export const modelProgram = (flags = ''): string =>
  `${process.execPath} --import ${file('../typescript.mjs')} ${file('serve-model.ts')} ${flags}`;

/** Runs `use` with a subject and a task of its calls, and ends the subject. */
export const withSubject = async <T>(
  { model, properties }: Suite,
  options: SubjectOptions & { readonly choices?: Choices },
  use: (task: Task, subject: Subject, unobserved: Set<Property>) => T | Promise<T>,
): Promise<T> => {
  const scope = scopeOf(model, options.choices);
  const subject = new Subject(model, scope, options);
  try {
    const unobserved = new Set<Property>();
    const task = subjectTask(taskOf(model, scope, properties), subject, (one) => unobserved.add(one));
    return await use(task, subject, unobserved);
  } finally {
    subject.close();
  }
};
