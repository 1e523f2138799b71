import { quote } from '../../value/index.ts';
import { refuse } from './fault.ts';
import type { Definition, FieldDefinition } from './nodes.ts';
import type { Schema } from './types.ts';

/** Refuses input objects that hold themselves through fields that are never null (GraphQL, 3.10). */
export function checkInputCycles(schema: Schema, names: readonly string[]): void {
  const visited = new Set<string>();
  const path: FieldDefinition[] = [];
  const startOf = new Map<string, number>();
  const visit = (definition: Definition): void => {
    if (visited.has(definition.Name)) return;
    visited.add(definition.Name);
    startOf.set(definition.Name, path.length);
    for (const field of definition.Fields) {
      const type = schema.types.get(field.Type.NamedType);
      if (!field.Type.NonNull || type?.Kind !== 'INPUT_OBJECT') continue;
      path.push(field);
      const start = startOf.get(type.Name);
      if (start !== undefined) {
        const circle = path.slice(start);
        const through = quote(circle.map(({ Name: name }) => name).join('.'));
        refuse(
          `Cannot reference Input Object ${quote(type.Name)} within itself through a series of non-null fields: ${through}.`,
          circle[0]?.Position,
        );
      }
      visit(type);
      path.pop();
    }
    startOf.delete(definition.Name);
  };
  for (const name of names) {
    const definition = schema.types.get(name)!;
    if (definition.Kind === 'INPUT_OBJECT') visit(definition);
  }
}
