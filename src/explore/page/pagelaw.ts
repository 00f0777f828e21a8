// What `import ... from 'pagelaw'` gives a model in a page: all of it but the check, which needs threads and files.
import type { check as checkHere } from '../../job/check.ts';
import { SpecError } from '../../spec/errors.ts';

export * from '../../spec/index.ts';
export { layoutOf } from '../../system/layout.ts';
export { scopeOf } from '../../system/scope.ts';
export { systemOf } from '../../system/system.ts';

export const check: typeof checkHere = () => {
  throw new SpecError('check() does not run in a page; the page of explore searches by itself');
};
