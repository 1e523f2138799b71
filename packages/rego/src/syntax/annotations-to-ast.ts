import type { Annotations, SchemaAnnotation, Term } from './ast.ts';
import type { AstJson, AstObject, AstTerm } from './ast-json.ts';
import { AstLocations } from './ast-json.ts';
import { termToAst } from './term-to-ast.ts';

/** A `METADATA` block in the shape of OPA's JSON. */
export function annotationsToAst(annotations: Annotations, at: AstLocations): AstObject {
  const { authors, compile, custom, description, entrypoint, labels, location, organizations } = annotations;
  const { relatedResources, schemas, scope, title } = annotations;
  const unknowns = compile?.unknowns?.map((one) => stepsToAst(one, at));
  const mask = compile?.maskRule && stepsToAst(compile.maskRule, at);
  const resources = relatedResources?.map(({ description: text, ref }) => ({
    ...(text !== undefined && { description: text }),
    ref,
  }));
  return {
    ...(authors && { authors: authors as unknown as AstJson }),
    ...(compile && { compile: { ...(unknowns && { unknowns }), ...(mask && { mask_rule: mask }) } }),
    ...(custom && isFilled(custom) && { custom: custom as AstJson }),
    ...(description !== undefined && { description }),
    ...(entrypoint && { entrypoint }),
    ...(labels && isFilled(labels) && { labels: labels as AstJson }),
    ...at.block(location),
    ...(organizations && { organizations }),
    ...(resources && { related_resources: resources }),
    ...(schemas && { schemas: schemas.map((one) => schemaToAst(one, at)) }),
    scope,
    ...(title !== undefined && { title }),
  };
}

function isFilled(map: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(map).length > 0;
}

/** The path of a schema has no places, unlike the schema. */
function schemaToAst({ path, schema, definition }: SchemaAnnotation, at: AstLocations): AstObject {
  return {
    path: stepsToAst(path, new AstLocations('', false)),
    ...(schema && { schema: stepsToAst(schema, at) }),
    ...(definition !== undefined && { definition: definition as AstJson }),
  };
}

function stepsToAst([head, ...parts]: readonly Term[], at: AstLocations): readonly AstTerm[] {
  const first = head?.kind === 'var' ? { ...at.of(head.location), type: 'var', value: head.name } : undefined;
  return [first ?? termToAst(head!, at), ...parts.map((part) => termToAst(part, at))];
}
