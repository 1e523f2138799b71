import type { ArgumentNode } from '../nodes.ts';
import type { Rule } from '../walk.ts';

/** An argument is given once; a third time is not told again. */
export const uniqueArgumentNames: Rule = (walk) => {
  const check = ({ Arguments: args }: { readonly Arguments: readonly ArgumentNode[] }) => {
    const seen = new Map<string, number>();
    for (const { Name: name, Position: position } of args) {
      const times = seen.get(name) ?? 0;
      if (times === 1) walk.report(`There can be only one argument named "${name}".`, position);
      seen.set(name, times + 1);
    }
  };
  return { field: check, directive: check };
};
