import { VALUE_KINDS } from '../nodes.ts';
import type { Rule } from '../walk.ts';

/** An operation must define the variables it uses. */
export const noUndefinedVariables: Rule = (walk) => ({
  value: (node) => {
    const { operation } = walk;
    if (operation === undefined || node.Kind !== VALUE_KINDS.variable) return;
    if (walk.factsOf(node).variable !== undefined) return;
    const by = operation.Name === '' ? '' : ` by operation "${operation.Name}"`;
    walk.report(`Variable "$${node.Raw}" is not defined${by}.`, node.Position);
  },
});
