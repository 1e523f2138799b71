import type { Rule } from '../walk.ts';

/** An operation must use the variables it defines. */
export const noUnusedVariables: Rule = (walk) => ({
  operation: (node) => {
    for (const variable of node.VariableDefinitions) {
      if (variable.Used || walk.usedVariables.has(variable)) continue;
      const where = node.Name === '' ? '' : ` in operation "${node.Name}"`;
      walk.report(`Variable "$${variable.Variable}" is never used${where}.`, variable.Position);
    }
  },
});
