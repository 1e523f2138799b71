import { asRequest, type Rule, type RuleAt } from './support.ts';

/** Grants everything; one tool needs a person. */
export function escalating(tool: string, reason: string, message = 'a person decides'): readonly RuleAt[] {
  return guarded((input) =>
    asRequest(input).action.tool === tool ? { outcome: 'escalate', reason, message } : true,
  );
}

/** Grants everything that this guard does not object to. */
export function guarded(rule: Rule, path = 'test/human'): readonly RuleAt[] {
  return [
    { path: 'test/allow', kind: 'grant', rule: () => true, reads: [['action']] },
    { path, kind: 'guard', layer: 'workflow', rule, reads: [['action']] },
  ];
}

/** Who may approve, beside these rules. */
export function withApprovers(rules: readonly RuleAt[], rule: Rule): readonly RuleAt[] {
  return [...rules, { path: 'test/approvers', kind: 'approvers', rule }];
}
