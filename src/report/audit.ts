import type { AuditResult } from '../audit/result.ts';
import { type Block, paragraph, strong, tightParagraph } from './document.ts';
import { lifeSections } from './life-cycle.ts';
import { rulesSection } from './rules.ts';
import { boundWords, plural, scopeName, settings } from './words.ts';

/** The report of `audit`: the ownership matrix and the life cycle of a page, which answer most questions, then the rules of each command. */
export const auditBlocks = (result: AuditResult, refusals: boolean): Block[] => {
  const { scope, title, legend, environment, tables, life } = result;
  const explored = [settings(scope.config), exploredWords(result)].filter((part) => part !== '').join('; ');
  const given = environment.length > 0 ? [givenWords(result)] : [];
  return [
    {
      kind: 'section',
      title: [strong(scopeName(scope)), `: ${title}`],
      blocks: [
        tightParagraph(explored, ...given, ...(legend === undefined ? [] : [legend])),
        ...(life ? lifeSections(life, scopeName(scope), refusals) : [paragraph(noClasses(result))]),
        ...(tables.length > 0 ? [rulesSection(result)] : []),
      ],
    },
  ];
};

/** What is taken for given, such as what the host is trusted with: `given debug=false ffaTrusted=true`. */
const givenWords = ({ scope, environment }: AuditResult): string =>
  `given ${settings(Object.fromEntries(environment.map((name) => [name, scope.switches[name]!])))}`;

const exploredWords = ({ states, depth, bound }: AuditResult): string =>
  `${bound ? `${boundWords(bound)}: ` : ''}${plural(states, 'state')} up to ${plural(depth, 'call')} deep`;

const noClasses = ({ scope }: AuditResult): string =>
  `${scope.model} does not classify its pages: no ownership matrix and no life cycle.`;
