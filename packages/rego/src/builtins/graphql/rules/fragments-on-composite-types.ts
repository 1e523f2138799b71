import type { Rule } from '../walk.ts';

const COMPOSITE: readonly string[] = ['OBJECT', 'INTERFACE', 'UNION'];

/** A fragment's type must have fields to select. */
export const fragmentsOnCompositeTypes: Rule = (walk) => {
  const isComposite = (name: string) => {
    const kind = walk.schema.types.get(name)?.Kind;
    return kind === undefined || COMPOSITE.includes(kind);
  };
  return {
    inlineFragment: ({ TypeCondition: type, Position: position }) => {
      if (!isComposite(type)) {
        walk.report(`Fragment cannot condition on non composite type "${type}".`, position);
      }
    },
    fragment: ({ Name: name, TypeCondition: type, Position: position }) => {
      if (!isComposite(type)) {
        walk.report(`Fragment "${name}" cannot condition on non composite type "${type}".`, position);
      }
    },
  };
};
