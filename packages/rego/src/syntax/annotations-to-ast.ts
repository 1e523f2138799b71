import type { Annotations } from './ast.ts';
import type { AstJson, AstLocations, AstObject } from './ast-json.ts';

/** A `METADATA` block in the shape of OPA's JSON. */
export function annotationsToAst(annotations: Annotations, at: AstLocations): AstObject {
  const { scope, entrypoint, title, description, custom, location } = annotations;
  return {
    ...(custom !== undefined && { custom: custom as AstJson }),
    ...(description !== undefined && description !== '' && { description }),
    ...(entrypoint && { entrypoint }),
    ...at.of(location),
    scope,
    ...(title !== undefined && title !== '' && { title }),
  };
}
